import { beforeEach, describe, expect, it } from 'vitest';
import type { TokenRecord } from '../../domain/records.ts';
import { issueToken } from '../../operations/issue.ts';
import { rotateToken } from '../../operations/rotate.ts';
import { newWorld, partner } from '../../operations/world.fixture.ts';
import type { StagedSink } from '../../ports/token-sink.ts';
import { memoryParameters, type MemoryParameters } from './memory-parameters.fixture.ts';
import { parameterSink } from './sink.ts';

interface Made {
  readonly token: string;
  readonly record: TokenRecord;
}

const PATH = '/app/token';
const world = await newWorld();
const last = (record: TokenRecord): Made => ({ record, token: world.sink.tokens.at(-1) ?? '' });
const made = async (): Promise<Made> => last((await issueToken(world.deps, partner, world.sink)).record);
const successorOf = async ({ record: old }: Made): Promise<Made> => {
  const request = { client: old.client, jti: old.jti, grace: 60, takeOver: false };
  return last((await rotateToken(world.deps, request, world.sink)).record);
};
const deliver = async (sink: StagedSink, { token, record }: Made): Promise<void> => {
  await sink.check();
  await sink.deliver(token, record);
};

describe('a token in Parameter Store', () => {
  let store: MemoryParameters;
  let one: Made;
  const sink = (): StagedSink => parameterSink({ path: PATH, client: store.client });
  beforeEach(async () => {
    store = memoryParameters();
    one = await made();
  });

  it('waits beside its parameter until it is promoted, and is then there alone', async () => {
    store.put(PATH, 'before');
    const own = sink();
    await deliver(own, one);
    expect(store.current(PATH)).toBe('before');
    expect(store.names).toEqual([PATH, `${PATH}.apikey-${one.record.jti}`]);
    expect(await own.promote(one.record)).toBe('2');
    expect(store.current(PATH)).toBe(one.token);
    expect(store.names).toEqual([PATH]);
    expect(await sink().promote(one.record)).toBe('2');
  });

  it('makes a SecureString where there was none, and keeps the key and the tier of the one that was', async () => {
    await deliver(sink(), one);
    await sink().promote(one.record);
    expect(store.parameters.get(PATH)).toMatchObject([
      { type: 'SecureString', keyId: undefined, tier: 'Intelligent-Tiering' },
    ]);
    store.put(PATH, 'x', { keyId: 'alias/ours', tier: 'Advanced' });
    const two = await made();
    const own = sink();
    await deliver(own, two);
    const staged = store.parameters.get(`${PATH}.apikey-${two.record.jti}`);
    await own.promote(two.record);
    for (const stored of [staged?.at(-1), store.parameters.get(PATH)?.at(-1)]) {
      expect(stored).toMatchObject({ type: 'SecureString', keyId: 'alias/ours', tier: 'Advanced' });
    }
  });

  it('is refused by a parameter that is not encrypted, before anything is signed', async () => {
    store.put(PATH, 'x', { type: 'String' });
    await expect(sink().check()).rejects.toMatchObject({
      code: 'SECRET_UNSUITABLE',
      why: expect.stringContaining('String'),
    });
  });

  it('is refused where it is longer than a parameter may be', async () => {
    await expect(sink().deliver('x'.repeat(8_193), one.record)).rejects.toMatchObject({ code: 'SECRET_UNSUITABLE' });
    expect(store.names).toEqual([]);
  });

  it('is believed once it has been read back, though reads may be old', async () => {
    store.put(PATH, 'before');
    const own = sink();
    await deliver(own, one);
    store.before('PutParameter', PATH, () => store.stale(2));
    await own.promote(one.record);
    expect(store.current(PATH)).toBe(one.token);
  });

  it.each(['PutParameter', 'GetParameter'])('is there where the answer to %s is lost', async (operation) => {
    store.put(PATH, 'before');
    const own = sink();
    store.lose(operation, `${PATH}.apikey-${one.record.jti}`);
    await deliver(own, one);
    store.lose(operation, PATH);
    await own.promote(one.record);
    expect(store.current(PATH)).toBe(one.token);
    expect(store.names).toEqual([PATH]);
  });

  it.each([
    ['before it is read', 'GetParameter'],
    ['between the read and the write', 'PutParameter'],
    ['right after the write', 'after'],
  ])('tells of another token that was put there %s', async (_, when) => {
    store.put(PATH, 'before');
    const two = await made();
    const own = sink();
    await deliver(own, one);
    const interfere = (): void => void store.put(PATH, two.token);
    if (when === 'after') store.before('PutParameter', PATH, () => store.before('GetParameter', PATH, interfere));
    else store.before(when, PATH, interfere);
    await expect(own.promote(one.record)).rejects.toMatchObject({ code: 'SECRET_CHANGED' });
    // What was laid aside is still there for a rerun, which knows.
    await sink().promote(one.record);
    expect(store.current(PATH)).toBe(one.token);
  });

  it('takes the place of the token that it replaces, whenever that one came', async () => {
    const next = await successorOf(one);
    store.put(PATH, 'before');
    const own = sink();
    await deliver(own, next);
    store.before('PutParameter', PATH, () => void store.put(PATH, one.token));
    await own.promote(next.record);
    expect(store.current(PATH)).toBe(next.token);
  });

  it('cannot be promoted where the store does not hold it', async () => {
    await expect(sink().promote(one.record)).rejects.toMatchObject({ code: 'SECRET_CHANGED' });
  });
});
