/** Making an environment's table: what is missing is made, what differs is told, and nothing is done twice. */
import {
  CreateTableCommand,
  DynamoDBClient,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { awsError, startFaultProxy, type FaultProxy } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import {
  compareTable,
  isReady,
  planTable,
  tableSetup,
  tableSpec,
  type TableFacts,
  type TableSetup,
} from '../src/aws/dynamodb/index.ts';
import { createTableInput } from '../src/aws/dynamodb/table-spec.ts';
import { delay } from './aws-world.fixture.ts';

const aws = await awsForTests();
const WRITES = new Set(['CreateTable', 'UpdateTimeToLive', 'UpdateContinuousBackups', 'UpdateTable']);

describeOnEmulator(aws, "the set-up of an environment's table", (endpoint) => {
  const common = { region: aws.region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1 };
  const direct = new DynamoDBClient({ ...common, endpoint });
  let proxy: FaultProxy;
  let client: DynamoDBClient;
  const setupOf = (table: string): TableSetup => tableSetup({ table, client }, delay);
  const complete = async (table: string): Promise<void> => {
    const setup = setupOf(table);
    for (const step of planTable(await setup.inspect())) await setup.apply(step, tableSpec(table));
  };
  const inspect = async (table: string): Promise<TableFacts> => {
    const facts = await setupOf(table).inspect();
    if (facts === undefined) throw new Error('there is no table');
    return facts;
  };

  beforeAll(async () => {
    proxy = await startFaultProxy(endpoint);
    client = new DynamoDBClient({ ...common, endpoint: proxy.endpoint });
  });
  beforeEach(() => proxy.plan(() => undefined));
  afterAll(async () => {
    direct.destroy();
    client.destroy();
    await proxy.stop();
  });

  it('makes everything that the spec asks for, and then finds nothing to do', async () => {
    const table = `setup-${randomUUID()}`;
    expect(await setupOf(table).inspect()).toBeUndefined();
    expect(planTable(undefined)).toEqual(['create-table', 'enable-ttl', 'enable-point-in-time-recovery']);
    await complete(table);
    const facts = await inspect(table);
    expect(planTable(facts)).toEqual([]);
    expect(compareTable(facts, tableSpec(table))).toEqual([]);
    expect(isReady(facts)).toBe(true);
    expect(facts.arn).toBe(`arn:aws:dynamodb:us-east-1:111122223333:table/${table}`);
    proxy.plan(() => undefined);
    await complete(table);
    expect(proxy.calls.filter((call) => WRITES.has(call))).toEqual([]);
  });

  it('goes on where a set-up was stopped', async () => {
    const table = `setup-${randomUUID()}`;
    await setupOf(table).apply('create-table', tableSpec(table));
    expect(planTable(await inspect(table))).toEqual(['enable-ttl', 'enable-point-in-time-recovery']);
    await complete(table);
    expect(planTable(await inspect(table))).toEqual([]);
  });

  it('takes what another set-up did meanwhile as done', async () => {
    const table = `setup-${randomUUID()}`;
    const setup = setupOf(table);
    const spec = tableSpec(table);
    await complete(table);
    for (const step of planTable(undefined)) await setup.apply(step, spec);
    proxy.plan(({ operation }) =>
      // As AWS says it for the second change within an hour; the emulator takes any number of them.
      operation === 'UpdateTimeToLive' ? awsError('ValidationException', 'TimeToLive is already enabled') : undefined,
    );
    await setup.apply('enable-ttl', spec);
    expect(planTable(await inspect(table))).toEqual([]);
  });

  it('makes one table though the answer to its creation was lost', async () => {
    const table = `setup-${randomUUID()}`;
    proxy.plan(({ operation, nth }) => (operation === 'CreateTable' && nth === 1 ? { kind: 'lose' } : undefined));
    await complete(table);
    expect(compareTable(await inspect(table), tableSpec(table))).toEqual([]);
  });

  it('waits for a table that is being made, and for backups of a new one', async () => {
    const table = `setup-${randomUUID()}`;
    proxy.plan(({ operation, nth }) => {
      if (operation === 'DescribeTable' && nth === 2) {
        return { kind: 'rewrite', answer: (body) => body.replaceAll('"ACTIVE"', '"CREATING"') };
      }
      if (operation !== 'UpdateContinuousBackups' || nth > 1) return undefined;
      return awsError('ContinuousBackupsUnavailableException', 'Backups are being enabled for the table');
    });
    await complete(table);
    expect(planTable(await inspect(table))).toEqual([]);
  });

  it('tells every property in which a table differs, and leaves it alone', async () => {
    const table = `setup-${randomUUID()}`;
    const spec = tableSpec(table);
    const { GlobalSecondaryIndexes: _index, ...input } = createTableInput({
      ...spec,
      keys: { partition: 'id', sort: 'sk' },
    });
    await direct.send(
      new CreateTableCommand({
        ...input,
        AttributeDefinitions: [
          { AttributeName: 'id', AttributeType: 'N' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        BillingMode: 'PROVISIONED',
        ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
        DeletionProtectionEnabled: false,
      }),
    );
    const ttl = { Enabled: true, AttributeName: 'expires' };
    await direct.send(new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification: ttl }));
    const facts = await inspect(table);
    expect(compareTable(facts, spec)).toEqual([
      { property: 'partition key', expected: 'pk (S)', actual: 'id (N)' },
      { property: 'index by-time: partition key', expected: 'bucket (S)', actual: 'none' },
      { property: 'index by-time: sort key', expected: 'position (S)', actual: 'none' },
      { property: 'index by-time: projection', expected: 'ALL', actual: 'none' },
      { property: 'billing', expected: 'PAY_PER_REQUEST', actual: 'PROVISIONED' },
      { property: 'deletion protection', expected: 'on', actual: 'off' },
      { property: 'TTL attribute', expected: 'ttl', actual: 'expires' },
    ]);
    expect(planTable(facts)).toEqual(['enable-point-in-time-recovery']);
    expect(isReady(facts)).toBe(false);
  });

  it('notices that deletion protection was taken away', async () => {
    const table = `setup-${randomUUID()}`;
    await complete(table);
    await direct.send(new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: false }));
    expect(compareTable(await inspect(table), tableSpec(table))).toEqual([
      { property: 'deletion protection', expected: 'on', actual: 'off' },
    ]);
  });

  it.each(['DescribeTable', 'DescribeTimeToLive', 'DescribeContinuousBackups'])(
    'never takes a denied %s for a table that is not there',
    async (operation) => {
      const table = `setup-${randomUUID()}`;
      await complete(table);
      proxy.plan((call) => (call.operation === operation ? awsError('AccessDeniedException') : undefined));
      await expect(setupOf(table).inspect()).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        why: expect.stringContaining(`dynamodb:${operation}`),
      });
    },
  );

  it.each(['CreateTable', 'UpdateTimeToLive', 'UpdateContinuousBackups'])('reports a denied %s', async (operation) => {
    const table = `setup-${randomUUID()}`;
    proxy.plan((call) => (call.operation === operation ? awsError('AccessDeniedException') : undefined));
    await expect(complete(table)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });
});
