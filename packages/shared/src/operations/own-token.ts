/** Reads a token that an admin holds: believed only if a key of the ring signed it, whatever state that key is in. */
import { InvalidValueError } from '../domain/errors.ts';
import { MAIN_RING } from '../domain/records.ts';
import { parseClaims, type TokenClaims } from '../jose/claims.ts';
import { parseCompact, requireTokenType } from '../jose/compact.ts';
import { sha256Hex } from '../jose/digest.ts';
import { JwsError } from '../jose/errors.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { verifySignature } from '../jose/verify.ts';
import type { PublicKeySource } from '../ports/key-provider.ts';
import type { Registry } from '../ports/registry.ts';

export interface OwnToken {
  /** Of the key that signed it. */
  readonly kid: string;
  readonly claims: TokenClaims;
  /** SHA-256 of the payload bytes, 64 hex digits. */
  readonly payloadSha256: string;
}

/** Claims and payload hash of a token of this environment. Throws `INVALID_INPUT`; says nothing about liveness. */
export async function readOwnToken(
  deps: { readonly registry: Pick<Registry, 'getRing'>; readonly keys: PublicKeySource },
  token: string,
): Promise<OwnToken> {
  try {
    const jws = parseCompact(token);
    requireTokenType(jws.header);
    const ring = await deps.registry.getRing(MAIN_RING);
    const key = ring?.keys.find(({ kid }) => kid === jws.header.kid);
    if (key === undefined) throw notOurs('no key of the ring signed it');
    const publicKey = await deps.keys.publicKey(key.ref);
    const genuine =
      thumbprint(publicKey) === key.kid &&
      jws.header.alg === key.alg &&
      verifySignature(key.alg, publicKey, jws.signingInput, jws.signature);
    if (!genuine) throw notOurs('its signature does not verify');
    return { kid: key.kid, claims: parseClaims(jws.payloadBytes), payloadSha256: sha256Hex(jws.payloadBytes) };
  } catch (error) {
    throw error instanceof JwsError ? notOurs('it is not a well-formed token') : error;
  }
}

function notOurs(why: string): InvalidValueError {
  return new InvalidValueError('INVALID_INPUT', 'this is not a token of this environment', {
    why,
    fix: 'give the token exactly as it was delivered, and the environment that issued it',
  });
}
