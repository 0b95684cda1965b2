import { describe, expect, it } from 'vitest';
import { issueToken } from '../../operations/issue.ts';
import { newWorld, partner } from '../../operations/world.fixture.ts';
import { rotateToken } from '../../operations/rotate.ts';
import type { TokenRecord } from '../../domain/records.ts';
import type { StagedSink } from '../../ports/token-sink.ts';
import { memorySecret, type MemorySecret } from './memory-secrets.fixture.ts';
import { withMember } from './json-member.ts';
import { secretSink } from './sink.ts';

/** A token with its record. */
interface Made {
  readonly token: string;
  readonly record: TokenRecord;
}

const world = await newWorld();
const made = async (): Promise<Made> => {
  const { record } = await issueToken(world.deps, partner, world.sink);
  return { record, token: world.sink.tokens.at(-1) ?? '' };
};
const successorOf = async ({ record: old }: Made): Promise<Made> => {
  const request = { client: old.client, jti: old.jti, grace: 60, takeOver: false };
  const { record } = await rotateToken(world.deps, request, world.sink);
  return { record, token: world.sink.tokens.at(-1) ?? '' };
};

const sinkFor = ({ client }: MemorySecret, key?: string): StagedSink => secretSink({ secret: 'app/api', key, client });
const deliver = async (sink: StagedSink, { token, record }: Made): Promise<void> => {
  await sink.check();
  await sink.deliver(token, record);
};
const labelsOf = ({ versions }: MemorySecret): string[] =>
  [...versions.values()].flatMap(({ labels }) => [...labels]).toSorted();

describe('a token in Secrets Manager', () => {
  it('waits under a label of its own until it is promoted, and leaves AWSPREVIOUS on what was there', async () => {
    const secret = memorySecret('before');
    const sink = sinkFor(secret);
    const one = await made();
    await deliver(sink, one);
    expect(secret.current).toBe('before');
    expect(labelsOf(secret)).toEqual([`APIKEY-${one.record.jti}`, 'AWSCURRENT']);
    const version = await sink.promote(one.record);
    expect(secret.current).toBe(one.token);
    expect(labelsOf(secret)).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
    expect(secret.versions.get(version)?.text).toBe(one.token);
    expect(version).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    // Once more changes nothing.
    expect(await sink.promote(one.record)).toBe(version);
    expect(secret.versions.size).toBe(2);
  });

  it('becomes a member of a JSON object, every other byte of which stays', async () => {
    const secret = memorySecret('{ "n": 12345678901234567890,\n "token" : "old", "e": 1.0 }');
    const sink = sinkFor(secret, 'token');
    const one = await made();
    await deliver(sink, one);
    await sink.promote(one.record);
    expect(secret.current).toBe(`{ "n": 12345678901234567890,\n "token" : "${one.token}", "e": 1.0 }`);
  });

  it('is the first version of a secret that has none: AWS shows that one at once', async () => {
    const secret = memorySecret();
    const sink = sinkFor(secret, 'token');
    const one = await made();
    await deliver(sink, one);
    await sink.promote(one.record);
    expect(secret.current).toBe(`{"token":"${one.token}"}`);
    expect(labelsOf(secret)).toEqual(['AWSCURRENT']);
  });

  it('is merged anew where another member changed meanwhile: nobody overwrites anybody', async () => {
    const secret = memorySecret('{"a":"old a","b":"old b"}');
    const [one, two] = [await made(), await made()];
    const [a, b] = [sinkFor(secret, 'a'), sinkFor(secret, 'b')];
    await deliver(a, one);
    await deliver(b, two);
    await a.promote(one.record);
    await b.promote(two.record);
    expect(JSON.parse(secret.current ?? '')).toEqual({ a: one.token, b: two.token });
    expect(labelsOf(secret)).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
  });

  it('tries again when AWSCURRENT moves between the read and the write, however often', async () => {
    const secret = memorySecret('{"n":0}');
    const sink = sinkFor(secret, 'token');
    const one = await made();
    await deliver(sink, one);
    let moved = 0;
    const interfere = (): void => {
      moved += 1;
      secret.set(`{"n":${moved}}`);
      if (moved < 5) secret.before('UpdateSecretVersionStage', interfere);
    };
    secret.before('UpdateSecretVersionStage', interfere);
    await sink.promote(one.record);
    expect(moved).toBe(5);
    expect(JSON.parse(secret.current ?? '')).toEqual({ n: 5, token: one.token });
  });

  it('does not take the place of a token that somebody else put there meanwhile', async () => {
    const secret = memorySecret('old');
    const [one, two] = [await made(), await made()];
    const [a, b] = [sinkFor(secret), sinkFor(secret)];
    await deliver(a, one);
    await deliver(b, two);
    await a.promote(one.record);
    await expect(b.promote(two.record)).rejects.toMatchObject({
      code: 'SECRET_CHANGED',
      why: `it holds token ${one.record.jti} now`,
    });
    expect(secret.current).toBe(one.token);
    // Whoever runs the request again has seen it.
    await sinkFor(secret).promote(two.record);
    expect(secret.current).toBe(two.token);
  });

  it('takes the place of the token that it replaces, whoever showed that one', async () => {
    const secret = memorySecret('older');
    const old = await made();
    const next = await successorOf(old);
    const [a, b] = [sinkFor(secret), sinkFor(secret)];
    await deliver(a, old);
    await deliver(b, next);
    await a.promote(old.record);
    await b.promote(next.record);
    expect(secret.current).toBe(next.token);
    // The one before cannot come back.
    await expect(a.promote(old.record)).rejects.toMatchObject({ code: 'SECRET_CHANGED' });
    expect(secret.current).toBe(next.token);
  });

  it.each(['PutSecretValue', 'UpdateSecretVersionStage', 'GetSecretValue', 'DescribeSecret'])(
    'is there once where the answer to %s is lost',
    async (operation) => {
      const secret = memorySecret('{"x":1}');
      const sink = sinkFor(secret, 'token');
      const one = await made();
      secret.lose(operation);
      await deliver(sink, one);
      secret.lose(operation);
      await sink.promote(one.record);
      expect(JSON.parse(secret.current ?? '')).toEqual({ x: 1, token: one.token });
      expect(secret.versions.size).toBe(2);
      expect(labelsOf(secret)).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
    },
  );

  it('is not delivered where the store holds something else afterwards', async () => {
    const secret = memorySecret('old');
    const one = await made();
    const { client } = secret;
    const liar = {
      ...client,
      send: async (command: never, options: never) => {
        const answer: unknown = await client.send(command, options);
        return Object.hasOwn(Object(answer), 'SecretString') ? { SecretString: 'another' } : answer;
      },
    } as unknown as MemorySecret['client'];
    await expect(secretSink({ secret: 'app/api', client: liar }).deliver(one.token, one.record)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the secret does not hold what was put into it',
    });
  });

  it('cannot be promoted by name alone where the store does not hold it', async () => {
    const secret = memorySecret('old');
    const { record } = await made();
    await expect(sinkFor(secret).promote(record)).rejects.toMatchObject({
      code: 'SECRET_CHANGED',
      message: `secretsmanager:app/api does not hold token ${record.jti}`,
    });
  });
});

describe('a secret is refused before anything is signed', () => {
  it.each([
    ['text that is no JSON, for a member', 'token', 'secret-value'],
    ['an empty text, for a member', 'token', ''],
    ['an array, for a member', 'token', '["a"]'],
    ['a number, for a member', 'token', '1'],
    ['a member that is an array', 'token', '{"token":["a"]}'],
    ['a member that is an object', 'token', '{"token":{"a":1}}'],
    ['a member that is there twice', 'token', '{"token":"a","\\u0074oken":"b"}'],
    ['a JSON object, for the whole', undefined, '{"user":"a"}'],
    ['bytes, for a member', 'token', undefined],
    ['bytes, for the whole', undefined, undefined],
  ])('%s', async (_, key, value) => {
    const secret = memorySecret('x');
    secret.set(value);
    const failure = await sinkFor(secret, key)
      .check()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'SECRET_UNSUITABLE', kind: 'conflict', fix: expect.any(String) });
    if (value !== undefined && value !== '') expect(String(failure)).not.toContain(value);
    expect(secret.calls).not.toContain('PutSecretValue');
  });

  it.each([
    ['nothing yet', undefined, 'token'],
    ['an empty object', '{}', 'token'],
    ['an empty object, for the whole', '{}', undefined],
    ['a member that is null', '{"token":null}', 'token'],
    ['any text, for the whole', 'placeholder', undefined],
  ])('but not %s', async (_, value, key) => {
    await expect(sinkFor(memorySecret(value), key).check()).resolves.toBeUndefined();
  });

  it.each<[string, string | undefined, (size: number) => string]>([
    ['other members', 'token', (size) => JSON.stringify({ filler: 'x'.repeat(size) })],
    ['members of more bytes than characters', 'token', (size) => JSON.stringify({ filler: '€'.repeat(size / 4) })],
    ['a token that is replaced', 'token', (size) => JSON.stringify({ token: 'y'.repeat(900), n: 'x'.repeat(size) })],
    ['a text that the token replaces', undefined, (size) => 'x'.repeat(size)],
  ])(
    'a value that would outgrow a secret is refused by its length, before it is signed: %s',
    async (_, key, valueOf) => {
      for (const size of [64, 21_000, 64_000, 65_000, 65_400]) {
        const secret = memorySecret(valueOf(size));
        const sink = sinkFor(secret, key);
        await sink.check();
        const fits = (length: number): boolean => {
          try {
            sink.requireRoom(length);
            return true;
          } catch (error) {
            expect(error).toMatchObject({ code: 'SECRET_UNSUITABLE', kind: 'conflict' });
            return false;
          }
        };
        const bytesWith = (length: number): number =>
          Buffer.byteLength(
            key === undefined ? 'x'.repeat(length) : withMember(valueOf(size), key, 'x'.repeat(length)),
          );
        for (const length of [1, 100, 136, 400, 536, 1_000, 8_192, 65_535, 65_536, 65_537]) {
          expect(fits(length)).toBe(bytesWith(length) <= 65_536);
        }
        expect(secret.calls).not.toContain('PutSecretValue');
      }
    },
  );

  it('a value that would outgrow a secret is refused when it is delivered', async () => {
    const secret = memorySecret(JSON.stringify({ filler: 'x'.repeat(65_500) }));
    const one = await made();
    await expect(sinkFor(secret, 'token').deliver(one.token, one.record)).rejects.toMatchObject({
      code: 'SECRET_UNSUITABLE',
      why: expect.stringContaining('65536 bytes'),
    });
    expect(secret.calls).not.toContain('PutSecretValue');
  });
});
