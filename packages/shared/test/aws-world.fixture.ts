/** A table and keys of a test's own behind a proxy that breaks calls, and the records to put there. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultProxy, type FaultProxy } from '../../../tools/emulator/fault-proxy.ts';
import type { TestAws } from '../../../tools/emulator/testing.ts';
import { dynamoRegistry, planTable, tableSetup, tableSpec, type Timing } from '../src/aws/dynamodb/index.ts';
import { kmsKeyProvider, type KmsKeyProviderOptions } from '../src/aws/kms/index.ts';
import type { KeyProvider, Registry } from '../src/ports/index.ts';

/** Short, so that a test of what happens when time is up does not take it. */
export const IMPATIENT: Timing = { connect: 500, attempt: 400, budget: 1_200, attempts: 3 };

export interface AwsWorld {
  readonly proxy: FaultProxy;
  readonly table: string;
  /** Past the proxy, to look at what is stored. */
  readonly direct: DynamoDBClient;
  readonly directKms: KMSClient;
  registry(timing?: Timing): Registry;
  keys(options?: Partial<KmsKeyProviderOptions>): KeyProvider;
  readonly kmsClient: KMSClient;
  readonly dynamoClient: DynamoDBClient;
  stop(): Promise<void>;
}

export const delay = { wait: async (milliseconds: number): Promise<void> => sleep(milliseconds) };

export async function awsWorld(aws: TestAws, endpoint: string): Promise<AwsWorld> {
  const proxy = await startFaultProxy(endpoint);
  const common = { region: aws.region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1 };
  const table = `faults-${randomUUID()}`;
  const direct = new DynamoDBClient({ ...common, endpoint });
  const directKms = new KMSClient({ ...common, endpoint });
  const dynamoClient = new DynamoDBClient({ ...common, endpoint: proxy.endpoint });
  const kmsClient = new KMSClient({ ...common, endpoint: proxy.endpoint });
  const setup = tableSetup({ table, client: direct }, delay);
  for (const step of planTable(undefined)) await setup.apply(step, tableSpec(table));
  return {
    proxy,
    table,
    direct,
    directKms,
    dynamoClient,
    kmsClient,
    registry: (timing = IMPATIENT) => dynamoRegistry({ table, client: dynamoClient, timing }),
    keys: (options = {}) =>
      kmsKeyProvider({ aliasBase: 'alias/faults', client: kmsClient, timing: IMPATIENT, ...options }),
    stop: async () => {
      for (const client of [direct, directKms, dynamoClient, kmsClient]) client.destroy();
      await proxy.stop();
    },
  };
}
