/** An environment on the embedded backend, in a directory of its own. */
import type { Environment } from '@apikey/shared';
import { localKeyProvider, openLocalRegistry } from '@apikey/shared/local';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localKeys, localStatus } from '../src/local/index.ts';
import { operationDeps, setUp, type TestEnvironment } from './environment.ts';

export interface LocalEnvironment extends TestEnvironment {
  readonly dataDir: string;
}

/** A new environment with one active key. Its directory is removed when it is disposed of. */
export async function localEnvironment(names: Partial<Environment> = {}): Promise<LocalEnvironment> {
  const dataDir = await mkdtemp(join(tmpdir(), 'apikey-authorizer-'));
  const registry = openLocalRegistry({ dataDir, create: true });
  return {
    ...(await setUp(operationDeps(registry, localKeyProvider({ dataDir }), names))),
    dataDir,
    place: ['local', dataDir],
    sources: () => ({ status: localStatus({ dataDir }), keys: localKeys({ dataDir }) }),
    async [Symbol.asyncDispose]() {
      await registry.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
