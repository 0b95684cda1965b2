/** Names that users choose or that a random source made: their one form, checked at every boundary. */
import { InvalidValueError } from './errors.ts';

const CLIENT_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const JTI = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const JTI_PREFIX = /^[0-9a-f-]{6,36}$/;
const KID = /^[A-Za-z0-9_-]{43}$/;
const KID_PREFIX = /^[A-Za-z0-9_-]{6,43}$/;
const REQUEST_ID = /^[\x21-\x7E]{1,128}$/;
/** Anything that could be the start of a JWS: no free text may hold one. */
const TOKEN_LIKE = /eyJ[A-Za-z0-9_-]{8,}/;
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

export function isClientId(text: string): boolean {
  return CLIENT_ID.test(text);
}

export function isJti(text: string): boolean {
  return JTI.test(text);
}

export function isKid(text: string): boolean {
  return KID.test(text);
}

export function parseClientId(text: string): string {
  if (isClientId(text)) return text;
  throw new InvalidValueError('INVALID_CLIENT', 'this is not a client id', {
    why: 'a client id has 1 to 63 characters of a-z, 0-9, dot, underscore and hyphen, and starts with a letter or digit',
    fix: 'choose a name like partner or acme.billing-2',
  });
}

/** A whole `jti`; upper-case UUIDs are taken in lower case. */
export function parseJti(text: string): string {
  const jti = text.toLowerCase();
  if (isJti(jti)) return jti;
  throw new InvalidValueError('INVALID_JTI', 'this is not a token id', {
    why: 'a token id (jti) is a UUID like 3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11',
    fix: 'find it with: apikey list',
  });
}

/** The first characters of a `jti`, at least six, or all of it. */
export function parseJtiPrefix(text: string): string {
  const prefix = text.toLowerCase();
  if (JTI_PREFIX.test(prefix)) return prefix;
  throw new InvalidValueError('INVALID_JTI', 'this is not a token id', {
    why: 'a token id (jti) is a UUID like 3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11; its first 6 characters are enough',
    fix: 'find it with: apikey list',
  });
}

/** The first characters of a `kid`, at least six, or all of it. */
export function parseKidPrefix(text: string): string {
  if (KID_PREFIX.test(text)) return text;
  throw new InvalidValueError('INVALID_KID', 'this is not a key id', {
    why: 'a key id (kid) has 43 characters of A-Z, a-z, 0-9, hyphen and underscore; its first 6 are enough',
    fix: 'find it with: apikey keys list',
  });
}

export function parseRequestId(text: string): string {
  if (REQUEST_ID.test(text) && !TOKEN_LIKE.test(text)) return text;
  throw new InvalidValueError('INVALID_REQUEST_ID', 'this is not a request id', {
    why: 'a request id has 1 to 128 printable ASCII characters and no spaces',
    fix: 'use the id of your ticket or pipeline run',
  });
}

/** Free text of at most `max` characters that is safe to print on any terminal. `what` names it in the error. */
export function parseText(what: string, text: string, max: number): string {
  const trouble = textTrouble(text, max);
  if (trouble === undefined) return text;
  throw new InvalidValueError('INVALID_TEXT', `the ${what} cannot be stored`, {
    why: trouble,
    fix: `give plain text of 1 to ${max} characters on one line`,
  });
}

function textTrouble(text: string, max: number): string | undefined {
  if (text.trim() === '') return 'it is empty';
  if (text.length > max) return `it has ${text.length} characters, at most ${max} are kept`;
  if (CONTROL.test(text) || LONE_SURROGATE.test(text)) return 'it holds control characters';
  return TOKEN_LIKE.test(text) ? 'it holds something that looks like a token' : undefined;
}

/** An `aud` or `iss` value: a StringOrURI of RFC 7519 without spaces or control characters. */
export function parseAudience(text: string): string {
  if (/^[\x21-\x7E]{1,512}$/.test(text) && !TOKEN_LIKE.test(text)) return text;
  throw new InvalidValueError('INVALID_AUDIENCE', 'this is not an audience', {
    why: 'an audience has 1 to 512 printable ASCII characters and no spaces',
    fix: 'give the URL of the API, like https://api.example.gov',
  });
}
