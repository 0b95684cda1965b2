/** Public keys that came with the configuration, so that no key has to be fetched. */
import {
  importJwk,
  JwsError,
  NotFoundError,
  parseJsonObject,
  thumbprint,
  type PublicKeySource,
  type StatusReader,
} from '@apikey/shared';
import type { KeyObject } from 'node:crypto';
import { AuthorizerConfigError } from '../config-error.ts';

/** By `kid`. */
export type PinnedKeys = ReadonlyMap<string, KeyObject>;

/** Reads a JWK set. Throws `AuthorizerConfigError` for one in which any key is not usable. */
export function parseJwks(text: string): PinnedKeys {
  const { keys } = parseJson(text);
  if (!Array.isArray(keys) || keys.length === 0) throw invalid('must be a JWK set: {"keys": [...]} with at least one');
  const pinned = keys.map((jwk: unknown, index) => importKey(jwk, index));
  return new Map(pinned.map((key) => [thumbprint(key), key]));
}

/**
 * Puts pinned keys before another source. A source is asked by the `ref` of a ring entry, and a pinned key has none: the
 * entry's `kid` is looked up in the ring that was read last.
 *
 * @param others where keys are fetched that are not pinned; absent = nowhere
 */
export function withPinnedKeys(
  pinned: PinnedKeys,
  status: StatusReader,
  others: PublicKeySource | undefined,
): { readonly status: StatusReader; readonly keys: PublicKeySource } {
  let kids: ReadonlyMap<string, string> = new Map();
  const readKeyRing: StatusReader['readKeyRing'] = async (signal) => {
    const ring = await status.readKeyRing(signal);
    if (ring !== undefined) kids = new Map(ring.keys.map(({ ref, kid }) => [ref, kid]));
    return ring;
  };
  const publicKey: PublicKeySource['publicKey'] = async (ref, signal) => {
    const key = pinned.get(kids.get(ref) ?? '');
    if (key !== undefined) return key;
    if (others !== undefined) return others.publicKey(ref, signal);
    throw new NotFoundError('KEY_NOT_FOUND', 'the key is not pinned, and no other may be fetched', {
      why: `${ref} is in the key ring, and its public key is not in APIKEY_JWKS`,
      fix: 'add it to APIKEY_JWKS, or set APIKEY_KEYS_ALLOW to the keys that may be fetched from KMS',
    });
  };
  const readStatus: StatusReader['readStatus'] = (jti, client, signal) => status.readStatus(jti, client, signal);
  return { status: { readStatus, readKeyRing }, keys: { publicKey } };
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return parseJsonObject(Buffer.from(text));
  } catch (cause) {
    throw invalid('must be a JWK set in JSON', cause);
  }
}

function importKey(jwk: unknown, index: number): KeyObject {
  try {
    return importJwk(jwk);
  } catch (cause) {
    // These texts say what is wrong, and quote nothing.
    throw invalid(`keys[${index}]: ${cause instanceof JwsError ? cause.message : 'is no public key'}`, cause);
  }
}

function invalid(problem: string, cause?: unknown): AuthorizerConfigError {
  return new AuthorizerConfigError('APIKEY_JWKS', problem, cause);
}
