/** Base64url without padding (RFC 7515 section 2), where every byte string has exactly one accepted spelling. */

/** Encodes bytes, or a string as UTF-8. */
export function encodeBase64url(data: string | Uint8Array): string {
  if (typeof data === 'string') return Buffer.from(data, 'utf8').toString('base64url');
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64url');
}

/**
 * Decodes, or returns `undefined` for anything that {@link encodeBase64url} would not have written: other characters,
 * padding, white space, a length of 4n + 1, or unused bits that are not zero (RFC 4648 section 3.5).
 */
export function decodeBase64url(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url');
  // Node's decoder forgives all of these, so the only proof of the one spelling is to spell it again: cheap, both are native.
  return bytes.toString('base64url') === text ? bytes : undefined;
}
