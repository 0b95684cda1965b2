import { memoryRegistry } from './memory-registry.ts';
import { registryContract } from './registry-contract.ts';

registryContract('a registry in memory', {
  pageSize: 4,
  create: async () => {
    const registry = memoryRegistry();
    return { open: async () => registry, usage: () => registry, remove: async () => undefined };
  },
});
