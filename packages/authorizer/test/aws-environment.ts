/** An environment on AWS for a test: a table and keys of its own, set up and used through the operations. */
import { ensureKeyRing, issueToken, type IssueRequest, type OperationDeps, type TokenSink } from '@apikey/shared';
import { dynamoRegistry, planTable, tableSetup, tableSpec } from '@apikey/shared/dynamodb';
import { kmsKeyProvider } from '@apikey/shared/kms';
import { randomBytes, randomUUID } from 'node:crypto';
import { AUDIENCE, ISSUER } from './world.ts';

export interface AwsEnvironment extends AsyncDisposable {
  readonly table: string;
  readonly deps: OperationDeps;
  issue(request?: Partial<IssueRequest>): Promise<{ readonly token: string; readonly jti: string }>;
}

const delay = { wait: (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)) };

/** With one active key. Endpoint, Region and credentials are those of the process's environment. */
export async function awsEnvironment(): Promise<AwsEnvironment> {
  const table = `authorizer-${randomUUID()}`;
  const setup = tableSetup({ table }, delay);
  for (const step of planTable(undefined)) await setup.apply(step, tableSpec(table));
  setup.close();
  const registry = dynamoRegistry({ table });
  const deps: OperationDeps = {
    registry,
    keys: kmsKeyProvider({ aliasBase: `alias/${table}` }),
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
    },
  };
  await ensureKeyRing(deps, 'ES256');
  return {
    table,
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
    [Symbol.asyncDispose]: () => registry.close(),
  };
}
