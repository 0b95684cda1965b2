/** An authorizer's view of KMS: public keys of the keys that its own configuration allows, and nothing else. */
import { AccessDeniedError, NotFoundError } from '../../ports/errors.ts';
import type { PublicKeySource } from '../../ports/key-provider.ts';
import { AUTHORIZER } from '../client-settings.ts';
import { keyAllowList, parseKeyArn, replicaArn, type KeyArn } from './key-arn.ts';
import { fetchPublicKey } from './public-key.ts';
import { KmsRegions, type KmsTarget } from './regions.ts';

export interface KmsPublicKeysOptions extends KmsTarget {
  /**
   * Key ARNs whose keys may ever be trusted; the key id may be `*` or `mrk-*`. Without it, whoever can write the ring
   * could name a key of their own.
   */
  readonly allow: readonly string[];
}

/**
 * Fetches public keys by the `ref` of a ring entry. A multi-Region key (`mrk-...`) is asked for in the Region of this
 * authorizer first, so that it needs no other Region to be up, and in the Region of its ARN where it has no replica
 * here; the allow-list is always about the ARN in the ring. Callers compare the key's thumbprint with `kid`, so that
 * it does not matter which Region answered. Throws `TypeError` for a list that allows nothing or too much.
 */
export function kmsPublicKeys(options: KmsPublicKeysOptions): PublicKeySource {
  const allowed = keyAllowList(options.allow);
  const regions = new KmsRegions({ timing: AUTHORIZER, ...options });
  return {
    publicKey: async (ref, signal) => {
      signal?.throwIfAborted();
      const key = parseKeyArn(ref);
      if (key === undefined || !allowed(key)) throw notAllowed();
      const near = await nearby(regions, key);
      if (near === key.arn) return fetchPublicKey(await regions.of(key.region), key.arn, signal);
      try {
        return await fetchPublicKey(regions.home, near, signal);
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
        return fetchPublicKey(await regions.of(key.region), key.arn, signal);
      }
    },
  };
}

async function nearby(regions: KmsRegions, key: KeyArn): Promise<string> {
  return key.multiRegion ? replicaArn(key, await regions.home.region()) : key.arn;
}

function notAllowed(): AccessDeniedError {
  return new AccessDeniedError('ACCESS_DENIED', 'the key ring names a key that this authorizer does not trust', {
    why: 'its ARN is not in the allow-list, or it is no key ARN',
    fix: 'if the key is yours, add its ARN to `allow` (APIKEY_KEYS_ALLOW); if not, find out who changed the key ring',
  });
}
