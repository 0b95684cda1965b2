/** What lies in the table, as DESIGN section 9 has it; and what becomes of an item that somebody changed by hand. */
import {
  CreateTableCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { dynamoRegistry, tableSpec } from '../src/aws/dynamodb/index.ts';
import { createTableInput } from '../src/aws/dynamodb/table-spec.ts';
import type { Registry } from '../src/ports/index.ts';
import {
  changeClient,
  changeRing,
  collect,
  testJti,
  testRecord,
  testRequest,
  testRingKey,
  TEST_SECONDS,
} from '../src/testing/index.ts';
import { awsWorld, type AwsWorld } from './aws-world.fixture.ts';

const aws = await awsForTests();
const DAY = 86_400;

describeOnEmulator(aws, 'the items of the DynamoDB registry', (endpoint) => {
  let world: AwsWorld;
  let registry: Registry;
  const jti = testJti(1, 'a1');
  const record = testRecord({ client: 'layout', jti });
  const change = changeClient('layout', {
    created: [record],
    requests: [testRequest({ id: 'run/1', client: 'layout', jti, exp: record.exp })],
  });
  const stored = async (pk: string, sk: string): Promise<Record<string, AttributeValue> | undefined> => {
    const { Items = [] } = await world.direct.send(new ScanCommand({ TableName: world.table }));
    return Items.find((item) => item['pk']?.S === pk && item['sk']?.S === sk);
  };
  const alter = async (pk: string, sk: string, name: string, value: AttributeValue): Promise<void> => {
    await world.direct.send(
      new UpdateItemCommand({
        TableName: world.table,
        Key: { pk: { S: pk }, sk: { S: sk } },
        UpdateExpression: 'SET #name = :value',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': value },
      }),
    );
  };

  beforeAll(async () => {
    world = await awsWorld(aws, endpoint);
    registry = world.registry();
    await registry.commit(change);
    await registry.commit(changeRing([testRingKey()]));
  });
  afterAll(async () => world.stop());

  it('have the keys of the data contract, and these only', async () => {
    const { Items = [] } = await world.direct.send(new ScanCommand({ TableName: world.table }));
    const keys = Items.map(({ pk, sk }) => `${pk?.S} ${sk?.S}`).toSorted();
    expect(keys).toEqual(
      [
        'BUCKETS#EVENTS 2027-01-15',
        'BUCKETS#TOKENS 2027-04',
        'CLIENT#layout CLIENT',
        `CLIENT#layout TOKEN#${jti}`,
        'EVENTS#CLIENT#layout 000000000001',
        'EVENTS#CLIENT#layout 000000000002',
        'EVENTS#RING#main 000000000001',
        `JTI#${jti} JTI`,
        'REQUEST#run/1 REQUEST',
        'RING#main RING',
      ].toSorted(),
    );
  });

  it('expire with their retention if they belong to a token, and never otherwise', async () => {
    const { Items = [] } = await world.direct.send(new ScanCommand({ TableName: world.table }));
    const expiring = Items.filter((item) => 'ttl' in item);
    expect(expiring.map(({ pk }) => String(pk?.S).replace(/#.*/, '')).toSorted()).toEqual(['CLIENT', 'JTI', 'REQUEST']);
    for (const { ttl } of expiring) expect(ttl).toEqual({ N: String(record.exp + 400 * DAY) });
    expect(record.exp).toBe(TEST_SECONDS + 90 * DAY);
  });

  it('are readable documents of native types', async () => {
    expect(await stored('CLIENT#layout', `TOKEN#${jti}`)).toMatchObject({
      state: { S: 'active' },
      exp: { N: String(record.exp) },
      scopes: { L: [{ S: 'plans:read' }] },
      bucket: { S: 'TOKENS#2027-04' },
      position: { S: `00${record.exp}#${jti}` },
    });
    expect(await stored('RING#main', 'RING')).toMatchObject({ keys: { L: [{ M: { alg: { S: 'ES256' } } }] } });
  });

  it.each([
    [
      'a client with a state that there is not',
      'CLIENT#layout',
      'CLIENT',
      'state',
      { S: 'sleepy' },
      () => registry.getClient('layout'),
    ],
    [
      'a client that is longer than it was',
      'CLIENT#layout',
      'CLIENT',
      'admin',
      { BOOL: true },
      () => registry.readStatus(jti, 'layout'),
    ],
    [
      'a client whose version is a text',
      'CLIENT#layout',
      'CLIENT',
      'version',
      { S: '1' },
      () => collect(registry.clients()),
    ],
    [
      'a number beyond all numbers',
      'CLIENT#layout',
      'CLIENT',
      'epoch',
      { N: '1e120' },
      () => registry.getClient('layout'),
    ],
    [
      'bytes',
      `CLIENT#layout`,
      `TOKEN#${jti}`,
      'note',
      { B: new Uint8Array([1]) },
      () => registry.readStatus(jti, 'layout'),
    ],
    [
      'a set in a list',
      `CLIENT#layout`,
      `TOKEN#${jti}`,
      'scopes',
      { L: [{ SS: ['a'] }] },
      () => registry.findToken(jti),
    ],
    [
      'a token of another client',
      `CLIENT#layout`,
      `TOKEN#${jti}`,
      'client',
      { S: 'other' },
      () => registry.getToken('layout', jti),
    ],
    [
      'a token with another jti',
      `CLIENT#layout`,
      `TOKEN#${jti}`,
      'jti',
      { S: testJti(2) },
      () => collect(registry.tokensOfClient('layout')),
    ],
    [
      'a token with another expiry',
      `CLIENT#layout`,
      `TOKEN#${jti}`,
      'exp',
      { N: '1' },
      () => collect(registry.tokensByEnd(0, record.exp + 1)),
    ],
    ['a pointer to nobody', `JTI#${jti}`, 'JTI', 'client', { S: '' }, () => registry.findToken(jti)],
    [
      'a request without a hash',
      'REQUEST#run/1',
      'REQUEST',
      'parameterHash',
      { NULL: true },
      () => registry.getRequest('run/1'),
    ],
    ['a ring without keys', 'RING#main', 'RING', 'keys', { M: {} }, () => registry.readKeyRing()],
    [
      'an event with another number',
      'EVENTS#CLIENT#layout',
      '000000000001',
      'seq',
      { N: '7' },
      () => collect(registry.eventsOf({ kind: 'client', id: 'layout' })),
    ],
    [
      'an event of somebody else',
      'EVENTS#CLIENT#layout',
      '000000000001',
      'aggregate',
      { S: 'client:other' },
      () => collect(registry.eventsByTime(0, 4e12)),
    ],
  ])('%s is reported as damage', async (_what, pk, sk, name, value, read) => {
    const before = await stored(pk, sk);
    await alter(pk, sk, name, value);
    try {
      await expect(read()).rejects.toMatchObject({
        name: 'InvalidStateError',
        code: 'STORE_DAMAGED',
        fix: expect.stringContaining('CloudTrail'),
      });
    } finally {
      await world.direct.send(new PutItemCommand({ TableName: world.table, Item: before }));
    }
    expect(await registry.getClient('layout')).toEqual(change.client);
  });

  it('are not overwritten when a chain is longer than its head says', async () => {
    const first = changeClient('rewound');
    await registry.commit(first);
    const second = changeClient('rewound', { before: first.client });
    await registry.commit(second);
    const { version, eventSeq, eventHash } = first.client;
    await alter('CLIENT#rewound', 'CLIENT', 'version', { N: String(version) });
    await alter('CLIENT#rewound', 'CLIENT', 'eventSeq', { N: String(eventSeq) });
    await alter('CLIENT#rewound', 'CLIENT', 'eventHash', { S: eventHash });
    const again = changeClient('rewound', { before: first.client, context: { actor: 'intruder@host' } });
    await expect(registry.commit(again)).rejects.toMatchObject({ name: 'InvalidStateError', code: 'STORE_DAMAGED' });
    expect(await collect(registry.eventsOf({ kind: 'client', id: 'rewound' }, 2))).toEqual(second.events);
  });

  it('are listed from any time to any other, though a report may ask for all of it', async () => {
    const far = testRecord({ client: 'far', jti: testJti(1, 'a2'), exp: 253_402_300_799 });
    await registry.commit(changeClient('far', { created: [far], context: { at: 0 } }));
    const infinity = Number.POSITIVE_INFINITY;
    const tokens = await collect(registry.tokensByEnd(-infinity, infinity));
    expect(tokens.map((token) => token.jti)).toEqual([jti, far.jti]);
    const events = await collect(registry.eventsByTime(-infinity, infinity));
    expect(events.map((event) => event.at)).toEqual(events.map((event) => event.at).toSorted());
    expect(events.at(0)).toMatchObject({ aggregate: 'client:far', at: '1970-01-01T00:00:00.000Z' });
  });

  it('are listed in their order across the ends of days, months and pages', async () => {
    const march = 1_930_089_600; // 2031-03-01T00:00:00Z
    const narrow = dynamoRegistry({ table: world.table, client: world.direct, pageSize: 2 });
    const exps = [march + 1, march - 1, march, march + 31 * DAY, march - 2, march];
    const created = exps.map((exp, n) => testRecord({ client: 'months', jti: testJti(n, 'a3'), exp }));
    await narrow.commit(changeClient('months', { created, context: { at: (march - 1) * 1000 } }));
    await narrow.commit(changeClient('months-b', { context: { at: march * 1000 } }));
    const tokens = await collect(narrow.tokensByEnd(march - 2, march + 31 * DAY));
    expect(tokens.map(({ exp }) => exp - march)).toEqual([-2, -1, 0, 0, 1]);
    const events = await collect(narrow.eventsByTime((march - 1) * 1000, march * 1000 + 1));
    expect(events.map(({ aggregate, seq }) => `${aggregate} ${seq}`)).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7].map((seq) => `client:months ${seq}`),
      'client:months-b 1',
    ]);
    expect(await collect(narrow.eventsByTime((march - 1) * 1000, march * 1000))).toHaveLength(7);
  });

  it('lie in the index where their life ends, or where older versions left them: no listing of all that is to come misses one', async () => {
    const april = 1_995_926_400; // 2033-04-01T00:00:00Z
    const token = testRecord({ client: 'moved', jti: testJti(1, 'a4'), exp: april + 40 * DAY });
    const first = changeClient('moved', { created: [token] });
    await registry.commit(first);
    const cut = { ...token, liveUntil: april };
    await dynamoRegistry({ table: world.table, client: world.direct }).commit(
      changeClient('moved', { before: first.client, updated: [cut] }),
    );
    const key = ['CLIENT#moved', `TOKEN#${token.jti}`] as const;
    const { bucket, position } = (await stored(...key)) ?? {};
    expect([bucket, position]).toEqual([{ S: 'TOKENS#2033-04' }, { S: `00${april}#${token.jti}` }]);
    expect(await stored('BUCKETS#TOKENS', '2033-04')).toBeDefined();
    expect(await collect(registry.tokensByEnd(april, april + DAY))).toEqual([cut]);

    await alter(...key, 'bucket', { S: 'TOKENS#2033-05' });
    await alter(...key, 'position', { S: `00${token.exp}#${token.jti}` });
    expect(await collect(registry.tokensByEnd(april, april + DAY))).toEqual([]);
    expect(await collect(registry.tokensByEnd(april, april + 400 * DAY))).toEqual([cut]);
  });

  it('are not looked for in a table that is not there, nor taken from one of somebody else', async () => {
    const at = (table: string): Registry => dynamoRegistry({ table, client: world.direct });
    const missing = { name: 'NotFoundError', code: 'REGISTRY_NOT_FOUND', fix: expect.stringContaining('apikey init') };
    await expect(at('no-such-table').getClient('layout')).rejects.toMatchObject(missing);
    await expect(at('no-such-table').commit(changeClient('layout'))).rejects.toMatchObject(missing);
    await expect(collect(at('no-such-table').clients())).rejects.toMatchObject(missing);

    const foreign = `foreign-${randomUUID()}`;
    const input = createTableInput({ ...tableSpec(foreign), keys: { partition: 'id', sort: 'range' } });
    await world.direct.send(new CreateTableCommand(input));
    const strange = { name: 'InvalidStateError', code: 'STORE_FOREIGN', fix: expect.stringContaining('apikey doctor') };
    await expect(at(foreign).getClient('layout')).rejects.toMatchObject(strange);
    // Of two keys without a known member, the emulator says that they are the same; AWS, that they do not match.
    await expect(at(foreign).readStatus('', 'layout')).rejects.toMatchObject(strange);

    const bare = `bare-${randomUUID()}`;
    const { GlobalSecondaryIndexes: _index, ...rest } = createTableInput(tableSpec(bare));
    const AttributeDefinitions = rest.AttributeDefinitions?.slice(0, 2);
    await world.direct.send(new CreateTableCommand({ ...rest, AttributeDefinitions }));
    await expect(collect(at(bare).clients())).rejects.toMatchObject(strange);
  });

  it('are waited for while their table is being made', async () => {
    world.proxy.plan(({ operation }) =>
      operation === 'DescribeTable'
        ? { kind: 'rewrite', answer: (body) => body.replace('"ACTIVE"', '"CREATING"') }
        : { kind: 'answer', status: 400, body: JSON.stringify({ __type: 'x#ResourceNotFoundException' }) },
    );
    await expect(registry.getClient('layout')).rejects.toMatchObject({
      name: 'UnavailableError',
      message: 'the registry is still being created',
    });
  });
});
