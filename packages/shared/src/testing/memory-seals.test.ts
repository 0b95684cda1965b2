import { memorySeals } from './memory-seals.ts';
import { sealStoreContract } from './seal-store-contract.ts';

sealStoreContract('memory', async () => {
  const store = memorySeals();
  return { open: () => store, remove: async () => {} };
});
