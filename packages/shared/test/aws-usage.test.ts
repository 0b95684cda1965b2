/** Last uses in the table: what is written, what one call costs, and what becomes of an item that is nonsense. */
import { GetItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { awsError } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { dynamoUsage } from '../src/aws/dynamodb/index.ts';
import type { UsageRecorder } from '../src/ports/index.ts';
import { TEST_SECONDS } from '../src/testing/index.ts';
import { awsWorld, type AwsWorld } from './aws-world.fixture.ts';

const aws = await awsForTests();
const DAY = 86_400;
const exp = TEST_SECONDS + 90 * DAY;

describeOnEmulator(aws, 'last uses in DynamoDB', (endpoint) => {
  let world: AwsWorld;
  let recorder: UsageRecorder;
  const keyOf = (jti: string): Record<string, AttributeValue> => ({ pk: { S: `USAGE#${jti}` }, sk: { S: 'USAGE' } });
  const stored = async (jti: string): Promise<Record<string, AttributeValue> | undefined> => {
    const input = { TableName: world.table, Key: keyOf(jti), ConsistentRead: true };
    return (await world.direct.send(new GetItemCommand(input))).Item;
  };
  const put = (jti: string, members: Record<string, AttributeValue>): Promise<unknown> =>
    world.direct.send(new PutItemCommand({ TableName: world.table, Item: { ...keyOf(jti), ...members } }));
  const use = (jti: string, usedAt = TEST_SECONDS): Promise<void> =>
    recorder.recordUse({ jti, client: 'partner', usedAt, exp });
  const read = (...jtis: string[]): Promise<ReadonlyMap<string, unknown>> => world.registry().lastUses(jtis);

  beforeAll(async () => {
    world = await awsWorld(aws, endpoint);
    recorder = dynamoUsage({ table: world.table, client: world.dynamoClient });
  });
  beforeEach(() => world.proxy.plan(() => undefined));
  afterAll(async () => world.stop());

  it('are items that go away with their tokens, each written by one call', async () => {
    const jti = randomUUID();
    await use(jti);
    expect(await stored(jti)).toEqual({
      ...keyOf(jti),
      jti: { S: jti },
      client: { S: 'partner' },
      usedAt: { N: String(TEST_SECONDS) },
      ttl: { N: String(exp + 400 * DAY) },
    });
    await use(jti, TEST_SECONDS - 1);
    expect(world.proxy.calls).toEqual(['PutItem', 'PutItem']);
    expect(await stored(jti)).toMatchObject({ usedAt: { N: String(TEST_SECONDS) } });
  });

  it('are kept as long as the recorder is told to', async () => {
    const jti = randomUUID();
    const brief = dynamoUsage({ table: world.table, client: world.dynamoClient, retentionSeconds: DAY });
    await brief.recordUse({ jti, client: 'partner', usedAt: TEST_SECONDS, exp });
    expect(await stored(jti)).toMatchObject({ ttl: { N: String(exp + DAY) } });
  });

  it('are one call for a hundred tokens, and what is left unprocessed is asked for again', async () => {
    const jtis = Array.from({ length: 201 }, () => randomUUID());
    const [first = '', last = ''] = [jtis[0], jtis[200]];
    await use(first);
    await use(last);
    let left = 2;
    world.proxy.plan(({ operation, body }) => {
      if (operation !== 'BatchGetItem' || left === 0) return undefined;
      left -= 1;
      const { RequestItems }: { RequestItems: object } = JSON.parse(body);
      const answer = { Responses: { [world.table]: [] }, UnprocessedKeys: RequestItems };
      return { kind: 'answer', status: 200, body: JSON.stringify(answer) };
    });
    expect([...(await read(...jtis)).keys()].toSorted()).toEqual([first, last].toSorted());
    expect(world.proxy.calls).toEqual(Array.from({ length: 5 }, () => 'BatchGetItem'));
  });

  it('that are throttled are lost at the first attempt, for their caller has no time', async () => {
    world.proxy.plan(() => awsError('ThrottlingException'));
    await expect(use(randomUUID())).rejects.toMatchObject({ code: 'THROTTLED' });
    expect(world.proxy.calls).toEqual(['PutItem']);
    await expect(read(randomUUID())).rejects.toMatchObject({ code: 'THROTTLED' });
  });

  it('without a table are errors that say so', async () => {
    const missing = dynamoUsage({ table: `missing-${randomUUID()}`, client: world.dynamoClient });
    const recording = missing.recordUse({ jti: randomUUID(), client: 'partner', usedAt: TEST_SECONDS, exp });
    await expect(recording).rejects.toMatchObject({ code: 'REGISTRY_NOT_FOUND' });
  });

  describe('that somebody changed by hand', () => {
    it.each<[string, Record<string, AttributeValue>]>([
      ['nothing but a key', {}],
      ['a time that is a text', { client: { S: 'partner' }, usedAt: { S: 'yesterday' } }],
      ['a time that is no time', { client: { S: 'partner' }, usedAt: { N: '1.5' } }],
      ['no client', { usedAt: { N: '1' } }],
      ['a further member', { client: { S: 'partner' }, usedAt: { N: '1' }, more: { S: 'x' } }],
    ])('into %s count as absent, beside those that are sound, until the next use', async (_, members) => {
      const [broken, sound] = [randomUUID(), randomUUID()];
      await put(broken, { jti: { S: broken }, ...members });
      await use(sound);
      expect([...(await read(broken, sound)).keys()]).toEqual([sound]);
      await use(broken);
      expect((await read(broken)).get(broken)).toEqual({ jti: broken, client: 'partner', usedAt: TEST_SECONDS });
    });

    it('into those of another token count for neither', async () => {
      const [jti, other] = [randomUUID(), randomUUID()];
      await put(jti, { jti: { S: other }, client: { S: 'partner' }, usedAt: { N: '1' } });
      expect(await read(jti, other)).toEqual(new Map());
    });
  });
});
