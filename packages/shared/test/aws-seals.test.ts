/** Seals on AWS: in the table of their environment, signed by keys with aliases of their own, and in Parameter Store. */
import { DeleteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { KMSClient, ListAliasesCommand, ListResourceTagsCommand } from '@aws-sdk/client-kms';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { awsForTests, describeOnAws, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { dynamoSealStore, tableSetup, tableSpec } from '../src/aws/dynamodb/index.ts';
import { KEYS_TAG, kmsKeyProvider } from '../src/aws/kms/index.ts';
import { putParameter } from '../src/aws/ssm/index.ts';
import { SEAL_RING } from '../src/domain/index.ts';
import { thumbprint } from '../src/jose/index.ts';
import { sealStoreContract } from '../src/testing/index.ts';
import { delay } from './aws-world.fixture.ts';

const aws = await awsForTests();
const settings = {
  region: aws.region,
  maxAttempts: 1,
  ...(aws.credentials === undefined ? {} : { credentials: aws.credentials }),
};

interface TestTable {
  readonly table: string;
  readonly client: DynamoDBClient;
}

async function newTable(): Promise<TestTable> {
  const table = `seals-${randomUUID()}`;
  const client = new DynamoDBClient({ ...settings, endpoint: aws.dynamodb });
  await tableSetup({ table, client }, delay).apply('create-table', tableSpec(table));
  return { table, client };
}

describeOnAws(aws, 'on AWS', () => {
  sealStoreContract('a table', async () => {
    const target = await newTable();
    return { open: () => dynamoSealStore(target), remove: async () => target.client.destroy() };
  });
});

describeOnEmulator(aws, 'seals in a table', () => {
  let target: TestTable;
  beforeAll(async () => {
    target = await newTable();
  });
  afterAll(() => target.client.destroy());

  it('lie in partitions that begin with SEALS#, one part of 350,000 characters an item', async () => {
    await dynamoSealStore(target).put('2027-01-15T08:00:00.000Z', 'x'.repeat(800_000));
    const { Items = [] } = await target.client.send(new ScanCommand({ TableName: target.table }));
    const keys = Items.map(({ pk, sk }) => `${pk?.S?.slice(0, 30)} ${sk?.S?.slice(0, 24)}`).toSorted();
    expect(keys).toEqual([
      'SEALS#2027-01-15T08:00:00.000Z 000000000000',
      'SEALS#2027-01-15T08:00:00.000Z 000000000001',
      'SEALS#2027-01-15T08:00:00.000Z 000000000002',
      'SEALS#LIST 2027-01-15T08:00:00.000Z',
    ]);
  });

  it('are damaged where a part is missing, and none where there is no table', async () => {
    const { Items = [] } = await target.client.send(new ScanCommand({ TableName: target.table }));
    const part = Items.find(({ sk }) => sk?.S === '000000000001') ?? expect.fail('no such part');
    const { pk, sk } = part;
    if (pk === undefined || sk === undefined) throw new TypeError('an item without keys');
    await target.client.send(new DeleteItemCommand({ TableName: target.table, Key: { pk, sk } }));
    await expect(dynamoSealStore(target).latest()).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      why: '450000 of its characters are there, of 800000',
    });
    const nowhere = dynamoSealStore({ ...target, table: 'no-such-table' });
    await expect(nowhere.latest()).rejects.toMatchObject({ code: 'REGISTRY_NOT_FOUND' });
    await expect(nowhere.put('2027-01-15T08:00:00.000Z', 'a.b.c')).rejects.toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
    });
  });
});

describeOnEmulator(aws, 'keys for seals', () => {
  it('have an alias and a tag that no key of tokens has', async () => {
    const client = new KMSClient({ ...settings, endpoint: aws.kms });
    const base = `alias/seals-${randomUUID()}`;
    const { ref, publicKey } = await kmsKeyProvider({ client, aliasBase: base, ring: SEAL_RING }).create('ES256');
    const { Aliases = [] } = await client.send(new ListAliasesCommand({ KeyId: ref }));
    expect(Aliases.map(({ AliasName }) => AliasName)).toEqual([`${base}-seal/${thumbprint(publicKey).slice(0, 12)}`]);
    const { Tags = [] } = await client.send(new ListResourceTagsCommand({ KeyId: ref }));
    expect(Tags.find(({ TagKey }) => TagKey === KEYS_TAG)?.TagValue).toBe(`${base}-seal`);
    client.destroy();
  });
});

describeOnEmulator(aws, 'a parameter', (endpoint) => {
  it('takes a seal as a plain text, and the next one as its next version', async () => {
    const client = new SSMClient({ ...settings, endpoint });
    const name = `/apikey/${randomUUID()}`;
    expect(await putParameter(name, 'a.first.seal', { client })).toBe(1);
    expect(await putParameter(name, 'x'.repeat(8_000), { client })).toBe(2);
    const { Parameter } = await client.send(new GetParameterCommand({ Name: name }));
    expect(Parameter).toMatchObject({ Type: 'String', Value: 'x'.repeat(8_000) });
    client.destroy();
  });
});
