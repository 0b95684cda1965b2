/** Builds the tokens that apikey issues, and reads their claims back: the byte order here is the wire format. */
import type { SigningAlg } from './algorithms.ts';
import { decodeBase64url, encodeBase64url } from './base64url.ts';
import { parseClaims, type TokenClaims } from './claims.ts';
import { TOKEN_TYPE, type GRANT_TYPE, type SEAL_TYPE } from './compact.ts';

const THUMBPRINT_BYTES = 32;

/**
 * The header's bytes: `{"alg":"ES256","typ":"at+jwt","kid":"<43 characters>"}`. The fixed order gives every token of a key
 * one constant prefix, which secret scanners match.
 *
 * @param kid a SHA-256 thumbprint @throws TypeError if it is not one
 */
export function encodeHeader(
  alg: SigningAlg,
  kid: string,
  typ: typeof TOKEN_TYPE | typeof SEAL_TYPE | typeof GRANT_TYPE = TOKEN_TYPE,
): Uint8Array {
  if (decodeBase64url(kid)?.length !== THUMBPRINT_BYTES) throw new TypeError('kid must be a SHA-256 thumbprint');
  return utf8(JSON.stringify({ alg, typ, kid }));
}

/**
 * The payload's bytes, members in the order `iss sub aud client_id jti iat exp scope rnd nbf`. One audience is written as
 * a string, several as an array; an empty scope and an absent `nbf` are left out.
 *
 * @throws TypeError if {@link parseClaims} would refuse the result
 */
export function encodePayload(claims: TokenClaims): Uint8Array {
  const { iss, sub, aud, client_id, jti, iat, exp, rnd, nbf } = claims;
  const scope = claims.scope === '' ? undefined : claims.scope;
  const audience = aud.length === 1 ? aud[0] : aud;
  const payload = utf8(JSON.stringify({ iss, sub, aud: audience, client_id, jti, iat, exp, scope, rnd, nbf }));
  try {
    parseClaims(payload);
  } catch (cause) {
    throw new TypeError('these claims cannot go into a token', { cause });
  }
  return payload;
}

/** The bytes to sign (RFC 7515 section 5.1): both segments in base64url, joined by a dot. */
export function signingInput(header: Uint8Array, payload: Uint8Array): Uint8Array {
  return utf8(`${encodeBase64url(header)}.${encodeBase64url(payload)}`);
}

/** The token: what was signed, a dot, the signature. For ECDSA the signature is r||s. */
export function assemble(signed: Uint8Array, signature: Uint8Array): string {
  return `${Buffer.from(signed).toString('latin1')}.${encodeBase64url(signature)}`;
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}
