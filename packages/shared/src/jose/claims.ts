/** The claims of a token, read strictly from the payload bytes that the signature covers. */
import { JwsError } from './errors.ts';
import { parseJsonObject, type JsonObject } from './json.ts';

/** Member names are those on the wire (RFC 9068 section 2.2); times are integer seconds since 1970. */
export interface TokenClaims {
  readonly iss: string;
  readonly sub: string;
  /** At least one, none empty. */
  readonly aud: readonly string[];
  readonly client_id: string;
  /** A UUID in lower case. */
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  /** Scopes separated by single spaces; absent when there are none. */
  readonly scope?: string | undefined;
  /** 128 random bits that exist in the token alone. */
  readonly rnd: string;
  readonly nbf?: number | undefined;
}

/**
 * Reads the claims. Their meaning (issuer, audience, times) is the caller's to judge; members of other names are ignored.
 *
 * @throws JwsError `JWS_MALFORMED` if the bytes are not a strict JSON object, `JWS_CLAIMS` if a claim is missing or of
 *   the wrong form
 */
export function parseClaims(payloadBytes: Uint8Array): TokenClaims {
  const members = parseJsonObject(payloadBytes);
  const jti = text(members, 'jti');
  if (!isLowerCaseUuid(jti)) throw refused('jti');
  return Object.freeze({
    iss: text(members, 'iss'),
    sub: text(members, 'sub'),
    aud: audience(members['aud']),
    client_id: text(members, 'client_id'),
    jti,
    iat: seconds(members, 'iat'),
    exp: seconds(members, 'exp'),
    scope: members['scope'] === undefined ? undefined : text(members, 'scope'),
    rnd: text(members, 'rnd'),
    nbf: members['nbf'] === undefined ? undefined : seconds(members, 'nbf'),
  });
}

type TextClaim = 'iss' | 'sub' | 'client_id' | 'jti' | 'scope' | 'rnd';
type TimeClaim = 'iat' | 'exp' | 'nbf';

function text(members: JsonObject, name: TextClaim): string {
  const value = members[name];
  if (typeof value !== 'string' || value === '') throw refused(name);
  return value;
}

function seconds(members: JsonObject, name: TimeClaim): number {
  const value = members[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw refused(name);
  return value;
}

/** RFC 7519 section 4.1.3: one string, or an array of them. */
function audience(value: unknown): readonly string[] {
  if (typeof value === 'string' && value !== '') return Object.freeze([value]);
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const names = list.filter((name): name is string => typeof name === 'string' && name !== '');
  if (names.length === 0 || names.length !== list.length) throw refused('aud');
  return Object.freeze(names);
}

/** RFC 9562 section 4, one spelling only, since records are found by it. */
function isLowerCaseUuid(value: string): boolean {
  if (value.length !== 36) return false;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    const dash = i === 8 || i === 13 || i === 18 || i === 23;
    const hex = (unit >= 0x30 && unit <= 0x39) || (unit >= 0x61 && unit <= 0x66);
    if (dash ? unit !== 0x2d : !hex) return false;
  }
  return true;
}

function refused(name: TextClaim | TimeClaim | 'aud'): JwsError {
  return new JwsError('JWS_CLAIMS', `the claim ${name} is missing or of the wrong form`);
}
