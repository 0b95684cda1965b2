/** KMS as a key source that is loaded when a public key has to be fetched: once per key in the life of a process. */
import type { PublicKeySource } from '@apikey/shared';

export function lazyKmsKeys(allow: readonly string[]): PublicKeySource {
  let loading: Promise<PublicKeySource> | undefined;
  const load = async (): Promise<PublicKeySource> => {
    const { kmsKeys } = await import('../kms/index.ts');
    return kmsKeys({ allow });
  };
  return {
    publicKey: async (ref, signal) => {
      loading ??= load();
      const source = await loading;
      return source.publicKey(ref, signal);
    },
  };
}
