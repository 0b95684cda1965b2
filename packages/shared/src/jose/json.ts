/** A strict parser for the JSON objects inside a token: one reading of the bytes, or none. */
import { isUtf8 } from 'node:buffer';
import { JwsError } from './errors.ts';

/** A parsed object without a prototype, so that an absent member is `undefined` whatever its name. */
export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 32;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/**
 * Parses UTF-8 bytes as one JSON object (RFC 8259) held to I-JSON (RFC 7493).
 *
 * @throws JwsError `JWS_MALFORMED` for: bytes that are not UTF-8, a byte order mark, anything but an object, a member
 *   name used twice in one object however it is escaped (RFC 7515 section 4, RFC 7519 section 4), a member called
 *   `__proto__`, more than 32 levels, numbers beyond the range of a double, unpaired surrogates
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  if (!isUtf8(bytes)) throw new JwsError('JWS_MALFORMED', 'a segment of the token is not UTF-8');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new JwsError('JWS_MALFORMED', 'a segment of the token is not a JSON object');
  }
  // The parser keeps the last of several members with one name. So fewer members came out than went in, if any were
  // repeated at any depth, and escapes need no care: the parser has resolved them.
  // Bytes that are UTF-8 hold an unpaired surrogate only as an escape.
  if (countMembers(value, text.includes('\\u'), 1) !== countNames(text)) {
    throw new JwsError('JWS_MALFORMED', 'a segment of the token has a member twice');
  }
  return { __proto__: null, ...value };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes its input, so it is not kept as the cause.
    throw new JwsError('JWS_MALFORMED', 'a segment of the token is not JSON');
  }
}

/** Checks every value below `container` and counts the members of all objects. */
function countMembers(container: object, escaped: boolean, depth: number): number {
  if (depth > MAX_DEPTH) throw new JwsError('JWS_MALFORMED', 'a segment of the token is nested too deeply');
  let count = 0;
  if (!Array.isArray(container)) {
    for (const name of Object.keys(container)) {
      if (name === '__proto__') throw new JwsError('JWS_MALFORMED', 'a segment of the token has a reserved member');
      if (escaped) checkString(name);
      count += 1;
    }
  }
  const values: readonly unknown[] = Object.values(container);
  for (const value of values) {
    if (typeof value === 'number') checkNumber(value);
    else if (typeof value === 'object' && value !== null) count += countMembers(value, escaped, depth + 1);
    else if (escaped && typeof value === 'string') checkString(value);
  }
  return count;
}

function checkString(text: string): void {
  if (!text.isWellFormed()) throw new JwsError('JWS_MALFORMED', 'a segment of the token has an unpaired surrogate');
}

function checkNumber(value: number): void {
  if (!Number.isFinite(value)) throw new JwsError('JWS_MALFORMED', 'a segment of the token has a number out of range');
}

/** Counts the member names in text known to be JSON: they are the strings before a colon. */
function countNames(text: string): number {
  let count = 0;
  let at = text.indexOf('"');
  while (at !== -1) {
    at = closingQuote(text, at) + 1;
    while (isWhiteSpace(text.charCodeAt(at))) at += 1;
    if (text.charCodeAt(at) === COLON) count += 1;
    at = text.indexOf('"', at);
  }
  return count;
}

function closingQuote(text: string, opening: number): number {
  let at = text.indexOf('"', opening + 1);
  while (isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at;
}

/** A quote is part of its string if an odd number of backslashes precedes it. */
function isEscaped(text: string, quote: number): boolean {
  let start = quote;
  while (text.charCodeAt(start - 1) === BACKSLASH) start -= 1;
  return (quote - start) % 2 === 1;
}

/** RFC 8259 section 2: space, tab, line feed, carriage return. */
function isWhiteSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x09 || unit === 0x0a || unit === 0x0d;
}
