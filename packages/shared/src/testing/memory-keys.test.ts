import { supportsAlg } from '../jose/algorithms.ts';
import { keyProviderContract } from './key-provider-contract.ts';
import { memoryKeys } from './memory-keys.ts';

keyProviderContract('a key provider in memory', {
  optionalAlgs: (['ML-DSA-44', 'ML-DSA-65'] as const).filter((alg) => supportsAlg(alg)),
  create: async () => {
    const keys = memoryKeys();
    return { keys, publicKeys: keys, unknownRef: `memory:${'A'.repeat(43)}`, remove: async () => undefined };
  },
});
