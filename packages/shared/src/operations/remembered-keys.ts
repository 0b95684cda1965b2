/** A key provider that is asked for each public key once: the key of a `ref` never changes. */
import type { KeyProvider } from '../ports/key-provider.ts';

export function rememberingPublicKeys(keys: KeyProvider): KeyProvider {
  const known = new Map<string, ReturnType<KeyProvider['publicKey']>>();
  const once = (
    name: string,
    ask: () => ReturnType<KeyProvider['publicKey']>,
  ): ReturnType<KeyProvider['publicKey']> => {
    const asked = known.get(name) ?? ask();
    known.set(name, asked);
    // A failed read is not kept.
    asked.catch(() => known.delete(name));
    return asked;
  };
  return {
    create: (alg) => keys.create(alg),
    sign: (ref, alg, input) => keys.sign(ref, alg, input),
    disable: (ref) => keys.disable(ref),
    scheduleDeletion: (ref) => keys.scheduleDeletion(ref),
    publicKey: (ref) => once(ref, () => keys.publicKey(ref)),
    publicKeyOf: (kid) => once(kid, () => keys.publicKeyOf(kid)),
  };
}
