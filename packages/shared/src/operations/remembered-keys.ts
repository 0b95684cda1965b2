/** A key provider that is asked for each public key once: the key of a `ref` never changes. */
import type { KeyProvider } from '../ports/key-provider.ts';

export function rememberingPublicKeys(keys: KeyProvider): KeyProvider {
  const known = new Map<string, ReturnType<KeyProvider['publicKey']>>();
  return {
    create: (alg) => keys.create(alg),
    sign: (ref, alg, input) => keys.sign(ref, alg, input),
    disable: (ref) => keys.disable(ref),
    scheduleDeletion: (ref) => keys.scheduleDeletion(ref),
    publicKey: (ref) => {
      const asked = known.get(ref) ?? keys.publicKey(ref);
      known.set(ref, asked);
      // A failed read is not kept.
      asked.catch(() => known.delete(ref));
      return asked;
    },
  };
}
