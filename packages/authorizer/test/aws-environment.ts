/** An environment on AWS, with a table and keys of its own. */
import { MAIN_RING } from '@apikey/shared';
import { dynamoRegistry, planTable, tableSetup, tableSpec } from '@apikey/shared/dynamodb';
import { kmsKeyProvider } from '@apikey/shared/kms';
import { randomUUID } from 'node:crypto';
import { dynamoStatus } from '../src/dynamodb/index.ts';
import { kmsKeys } from '../src/kms/index.ts';
import { delay, operationDeps, setUp, type TestEnvironment } from './environment.ts';

export interface AwsEnvironment extends TestEnvironment {
  readonly table: string;
  /** All keys of the account and Region that its key lies in. */
  readonly allow: readonly string[];
}

/** With one active key. Endpoint, Region and credentials are those of the process's environment. */
export async function awsEnvironment(): Promise<AwsEnvironment> {
  const table = `authorizer-${randomUUID()}`;
  const setup = tableSetup({ table }, delay);
  for (const step of planTable(undefined)) await setup.apply(step, tableSpec(table));
  setup.close();
  const registry = dynamoRegistry({ table });
  const usable = await setUp(operationDeps(registry, kmsKeyProvider({ aliasBase: `alias/${table}` })));
  const [key] = (await registry.getRing(MAIN_RING))?.keys ?? [];
  const allow = [(key?.ref ?? '').replace(/[^/]*$/, '*')];
  return {
    ...usable,
    table,
    allow,
    place: ['dynamodb', table],
    sources: () => ({ status: dynamoStatus({ table }), keys: kmsKeys({ allow }) }),
    [Symbol.asyncDispose]: () => registry.close(),
  };
}
