/** An environment on the embedded backend in a directory of its own, set up and used through the operations. */
import {
  ensureKeyRing,
  issueToken,
  type Environment,
  type IssueRequest,
  type OperationDeps,
  type Registry,
  type TokenSink,
} from '@apikey/shared';
import { localKeyProvider, openLocalRegistry } from '@apikey/shared/local';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUDIENCE, ISSUER } from './world.ts';

export interface LocalEnvironment extends AsyncDisposable {
  readonly dataDir: string;
  readonly deps: OperationDeps;
  /** A live token, by default of the client `partner` without scopes. */
  issue(request?: Partial<IssueRequest>): Promise<{ readonly token: string; readonly jti: string }>;
}

/** What operations need to work on a data directory. */
export function localDeps(dataDir: string, registry: Registry): OperationDeps {
  return {
    registry,
    keys: localKeyProvider({ dataDir }),
    clock: { now: () => Date.now() },
    delay: { wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)) },
    entropy: { uuid: () => randomUUID(), bytes: (count) => randomBytes(count), fraction: () => Math.random() },
    actor: 'tester@host',
    environment: {
      name: 'test',
      issuer: ISSUER,
      audience: AUDIENCE,
      defaultTtl: 90 * 86_400,
      maxTtl: 366 * 86_400,
    },
  };
}

/** A new environment with one active key. Its directory is removed when it is disposed of. */
export async function localEnvironment(names: Partial<Environment> = {}): Promise<LocalEnvironment> {
  const dataDir = await mkdtemp(join(tmpdir(), 'apikey-authorizer-'));
  const registry = openLocalRegistry({ dataDir, create: true });
  const usual = localDeps(dataDir, registry);
  const deps = { ...usual, environment: { ...usual.environment, ...names } };
  await ensureKeyRing(deps, 'ES256');
  return {
    dataDir,
    deps,
    async issue(request = {}) {
      const delivered: string[] = [];
      const sink: TokenSink = {
        check: () => Promise.resolve(),
        deliver: (token) => {
          delivered.push(token);
          return Promise.resolve();
        },
      };
      const { record } = await issueToken(deps, { client: 'partner', scopes: [], audience: [], ...request }, sink);
      return { token: delivered[0] ?? '', jti: record.jti };
    },
    async [Symbol.asyncDispose]() {
      await registry.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
