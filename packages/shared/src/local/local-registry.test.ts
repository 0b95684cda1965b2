import { registryContract } from '../testing/registry-contract.ts';
import { openTunedRegistry } from './local-registry.ts';
import { localUsage } from './usage.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';

registryContract('a registry in a SQLite file', {
  pageSize: 4,
  create: async () => {
    const { path, remove } = temporaryDirectory();
    const recorder = localUsage({ dataDir: path });
    return {
      open: async () => openTunedRegistry({ dataDir: path, create: true }, { pageSize: 4 }),
      usage: () => recorder,
      remove: async () => {
        await recorder.close();
        await remove();
      },
    };
  },
});
