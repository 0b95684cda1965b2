/** The key set that other verifiers may fetch (RFC 7517 section 5). */
import type { KeyObject } from 'node:crypto';
import type { Alg } from './algorithms.ts';
import { JwsError } from './errors.ts';
import { exportJwk, type PublicJwk } from './jwk.ts';
import { keySuits } from './suitability.ts';
import { thumbprint } from './thumbprint.ts';

export interface JwksEntry {
  readonly kid: string;
  readonly alg: Alg;
  readonly publicKey: KeyObject;
}

export type PublishedJwk = PublicJwk & { readonly use: 'sig'; readonly alg: Alg; readonly kid: string };

export interface Jwks {
  readonly keys: readonly PublishedJwk[];
}

/**
 * Builds a JWK set in the order of `entries`.
 *
 * @throws JwsError `JWS_KEY_UNSUITABLE` for a key that is not for its algorithm, `JWK_INVALID` where the `kid` is not
 *   the key's own thumbprint: publishing either would make others reject, or worse accept, what we do not
 */
export function toJwks(entries: Iterable<JwksEntry>): Jwks {
  return { keys: Array.from(entries, publish) };
}

function publish({ kid, alg, publicKey }: JwksEntry): PublishedJwk {
  if (!keySuits(alg, publicKey)) throw new JwsError('JWS_KEY_UNSUITABLE');
  if (thumbprint(publicKey) !== kid) throw new JwsError('JWK_INVALID', 'the kid is not the thumbprint of its key');
  return { ...exportJwk(publicKey), use: 'sig', alg, kid };
}
