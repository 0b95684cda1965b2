/** SHA-256 in the spellings that apikey uses, as one call without a stream. */
import { hash } from 'node:crypto';

/** SHA-256 as 64 lower-case hexadecimal digits; a string is hashed as UTF-8. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** SHA-256 as 43 base64url characters without padding; a string is hashed as UTF-8. */
export function sha256Base64url(data: string | Uint8Array): string {
  return hash('sha256', data, 'base64url');
}

/** SHA-256 as 32 characters of one byte each: for keys of a map alone, quicker to make and to find than the others. */
export function sha256Key(data: string | Uint8Array): string {
  return hash('sha256', data, 'binary');
}
