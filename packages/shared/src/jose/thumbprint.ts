/** The `kid` of a signing key: its RFC 7638 thumbprint. */
import { KeyObject } from 'node:crypto';
import { sha256Base64url } from './digest.ts';
import { exportJwk, parseJwk, type PublicJwk } from './jwk.ts';

/** A key never changes, and to take it apart costs as much as a signature. */
const known = new WeakMap<KeyObject, string>();

/**
 * The SHA-256 thumbprint of a public key, as 43 base64url characters.
 *
 * @throws JwsError `JWK_INVALID` for a private or secret key, or one outside of the algorithm table
 */
export function thumbprint(publicKey: KeyObject | PublicJwk): string {
  if (!(publicKey instanceof KeyObject)) return digestOf(parseJwk(publicKey));
  const print = known.get(publicKey) ?? digestOf(exportJwk(publicKey));
  known.set(publicKey, print);
  return print;
}

function digestOf(jwk: PublicJwk): string {
  // RFC 7638 section 3: the required members, which are all that a parsed JWK has (RFC 8037 section 2 and RFC 9964
  // section 6 name those of OKP and AKP), in lexicographic order and without white space. No value needs an escape.
  return sha256Base64url(JSON.stringify(jwk, Object.keys(jwk).toSorted()));
}
