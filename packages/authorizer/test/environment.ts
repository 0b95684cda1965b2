/** An environment for a test on any backend, set up and used through the operations. */
import {
  ensureKeyRing,
  issueToken,
  type Environment,
  type IssueRequest,
  type KeyProvider,
  type OperationDeps,
  type Registry,
  type TokenSink,
} from '@apikey/shared';
import { randomBytes, randomUUID } from 'node:crypto';
import type { AuthorizerOptions } from '../src/index.ts';
import { AUDIENCE, ISSUER } from './world.ts';

export interface TestEnvironment extends AsyncDisposable {
  readonly deps: OperationDeps;
  /** A live token, by default of the client `partner` without scopes. */
  issue(request?: Partial<IssueRequest>): Promise<{ readonly token: string; readonly jti: string }>;
  /** What an authorizer decides by. */
  sources(): Pick<AuthorizerOptions, 'status' | 'keys'>;
  /** The backend and the place of the registry, as `revoke-worker.ts` takes them. */
  readonly place: readonly [backend: 'local' | 'dynamodb', name: string];
}

export const delay: OperationDeps['delay'] = {
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** What operations need beside a registry and keys. */
export function operationDeps(registry: Registry, keys: KeyProvider, names: Partial<Environment> = {}): OperationDeps {
  return {
    registry,
    keys,
    clock: { now: () => Date.now() },
    delay,
    entropy: { uuid: () => randomUUID(), bytes: (count) => randomBytes(count), fraction: () => Math.random() },
    actor: 'tester@host',
    environment: {
      name: 'test',
      issuer: ISSUER,
      audience: AUDIENCE,
      defaultTtl: 90 * 86_400,
      maxTtl: 366 * 86_400,
      ...names,
    },
  };
}

/** Makes the environment's first key; gives back the means to issue tokens. */
export async function setUp(deps: OperationDeps): Promise<Pick<TestEnvironment, 'deps' | 'issue'>> {
  await ensureKeyRing(deps, 'ES256');
  return {
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
  };
}
