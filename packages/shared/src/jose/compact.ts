/** Takes a JWS in compact serialization (RFC 7515 section 7.1) apart, strictly, before anything in it is believed. */
import { isAlg, type Alg } from './algorithms.ts';
import { decodeBase64url, encodeBase64url } from './base64url.ts';
import { JwsError } from './errors.ts';
import { parseJsonObject, type JsonObject } from './json.ts';

/** The longest token, in characters, that is looked at. */
export const MAX_TOKEN_LENGTH = 8192;
/** The longest header, in decoded bytes. */
export const MAX_HEADER_BYTES = 512;
/** The `typ` of an access token (RFC 9068 section 2.1). */
export const TOKEN_TYPE = 'at+jwt';
/** The `typ` of a seal over the audit log (operations/seal.ts): what verifies tokens refuses it for that alone. */
export const SEAL_TYPE = 'audit-seal+jwt';
/** The `typ` of a grant (operations/grants.ts), which vouches for the events of one commit. It is no token either. */
export const GRANT_TYPE = 'apikey-grant+jwt';
/** The longest seal, in characters: some 350,000 chains. */
export const MAX_SEAL_LENGTH: number = 64 * 1024 * 1024;

/** The header members that matter. Others that are not forbidden are ignored (RFC 7515 section 4.2). */
export interface JwsHeader {
  readonly alg: Alg;
  readonly typ: string | undefined;
  readonly kid: string | undefined;
}

export interface CompactJws {
  readonly header: JwsHeader;
  readonly payloadBytes: Uint8Array;
  readonly signature: Uint8Array;
  /** The received bytes that the signature is over: header segment, dot, payload segment. */
  readonly signingInput: Uint8Array;
}

// Each would have the verifier fetch or take a key from the token, read the payload otherwise, or obey an extension.
const FORBIDDEN = ['crit', 'b64', 'zip', 'enc', 'jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256'] as const;

/**
 * Parses a token without verifying it.
 *
 * @param maxLength in characters; {@link MAX_TOKEN_LENGTH} unless a gateway allows less
 * @throws JwsError `JWS_TOO_LONG`, `JWS_MALFORMED`, `JWS_HEADER_FORBIDDEN` or `JWS_ALG_UNKNOWN`
 */
export function parseCompact(token: string, maxLength: number = MAX_TOKEN_LENGTH): CompactJws {
  if (typeof token !== 'string') throw new JwsError('JWS_MALFORMED', 'the token is not a string');
  if (token.length > maxLength) throw new JwsError('JWS_TOO_LONG', 'the token is longer than allowed');
  const firstDot = token.indexOf('.');
  const secondDot = token.indexOf('.', firstDot + 1);
  // Both are -1 without any dot. A third dot is inside the last segment, where it is not base64url.
  if (secondDot <= firstDot) throw new JwsError('JWS_MALFORMED', 'the token does not have three segments');

  const header = readHeader(token.slice(0, firstDot));
  const payloadBytes = decodeSegment(token.slice(firstDot + 1, secondDot));
  const signature = decodeSegment(token.slice(secondDot + 1));
  return { header, payloadBytes, signature, signingInput: Buffer.from(token.slice(0, secondDot), 'latin1') };
}

/** @throws JwsError `JWS_TYPE` unless the header says that this is an access token (RFC 9068 section 4) */
export function requireTokenType(header: JwsHeader): void {
  if (header.typ !== TOKEN_TYPE) throw new JwsError('JWS_TYPE');
}

function decodeSegment(segment: string): Uint8Array {
  if (segment === '') throw new JwsError('JWS_MALFORMED', 'the token has an empty segment');
  const bytes = decodeBase64url(segment);
  if (bytes === undefined) throw new JwsError('JWS_MALFORMED', 'a segment of the token is not canonical base64url');
  return bytes;
}

// All tokens of one key share one header segment, so nearly every header has been parsed before. Headers are frozen; what
// is kept is bounded by the count and by MAX_HEADER_BYTES, and a flood of forged headers only makes it start anew.
const parsedHeaders = new Map<string, JwsHeader>();
const MAX_PARSED_HEADERS = 64;

function readHeader(segment: string): JwsHeader {
  const known = parsedHeaders.get(segment);
  if (known !== undefined) return known;
  const bytes = decodeSegment(segment);
  const header = parseHeader(bytes);
  if (parsedHeaders.size >= MAX_PARSED_HEADERS) parsedHeaders.clear();
  // Written anew, because a slice would keep the whole token in memory.
  parsedHeaders.set(encodeBase64url(bytes), header);
  return header;
}

function parseHeader(bytes: Uint8Array): JwsHeader {
  if (bytes.length > MAX_HEADER_BYTES) throw new JwsError('JWS_TOO_LONG', 'the header is longer than allowed');
  const members = parseJsonObject(bytes);
  for (const name of FORBIDDEN) {
    if (name in members) throw new JwsError('JWS_HEADER_FORBIDDEN', `the header has the member ${name}`);
  }
  const alg = members['alg'];
  if (typeof alg !== 'string' || !isAlg(alg)) throw new JwsError('JWS_ALG_UNKNOWN');
  return Object.freeze({ alg, typ: optionalString(members, 'typ'), kid: optionalString(members, 'kid') });
}

function optionalString(members: JsonObject, name: 'typ' | 'kid'): string | undefined {
  const value = members[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new JwsError('JWS_MALFORMED', `the header member ${name} is not a string`);
}
