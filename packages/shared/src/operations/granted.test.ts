import { describe, expect, it } from 'vitest';
import { withoutGrant } from '../domain/events.ts';
import type { AuditEvent, KeyRing, TokenRecord } from '../domain/records.ts';
import { InvalidStateError } from '../ports/errors.ts';
import { LARGEST_COMMIT } from './grants.ts';
import { readGranted, type GrantReader } from './granted.ts';
import { issueToken } from './issue.ts';
import { activateKey, createKey } from './keys.ts';
import { rotateToken } from './rotate.ts';
import { newWorld, partner, recordsOf, type World } from './world.fixture.ts';

const RESUMABLE = { ...partner, scopes: ['a'], requestId: 'CHG-1' };

async function ringOf({ registry }: World): Promise<KeyRing> {
  return (await registry.readKeyRing()) ?? expect.fail('no ring');
}

const readerOf = ({ deps, keys, registry }: World): GrantReader => ({ environment: deps.environment, keys, registry });

/** A token of a commit of its own, above others. */
async function issued(world: World): Promise<TokenRecord> {
  await issueToken(world.deps, { ...partner, scopes: ['other'] }, world.sink);
  return (await issueToken(world.deps, { ...partner, scopes: ['a'] }, world.sink)).record;
}

async function interrupted(world: World): Promise<TokenRecord> {
  const failing = { check: async () => {}, deliver: () => Promise.reject(new Error('cut')) };
  await issueToken(world.deps, RESUMABLE, failing).catch(() => {});
  return (
    (await recordsOf(world)).find(({ requestId }) => requestId === RESUMABLE.requestId) ?? expect.fail('no record')
  );
}

const refusal = (why: RegExp): unknown =>
  expect.objectContaining({ code: 'GRANT_NOT_VERIFIED', kind: 'conflict', why: expect.stringMatching(why) });

describe('what was granted to a record', () => {
  it('is what its signed event says, whatever the record says now', async () => {
    const world = await newWorld();
    const record = await issued(world);
    const lies = {
      ...record,
      scopes: ['evil'],
      aud: ['https://evil.example'],
      exp: record.exp + 1,
      kid: 'k'.repeat(43),
    };
    const { record: made, parameterHash, preparedAt } = await readGranted(readerOf(world), lies, await ringOf(world));
    expect(made).toEqual({ ...record, state: 'pending', kmsRequestId: undefined });
    expect({ parameterHash, preparedAt }).toEqual({ parameterHash: undefined, preparedAt: world.clock.now() });
  });

  it('has payload and key of the newest event that prepared it anew, and the parameters of its request', async () => {
    const world = await newWorld();
    const first = await interrupted(world);
    const { key } = await createKey(world.deps, 'ES256');
    await activateKey(world.deps, key.kid, { now: true });
    const again = await interrupted(world);
    expect(again.payloadSha256).not.toBe(first.payloadSha256);
    const { record, parameterHash } = await readGranted(readerOf(world), again, await ringOf(world));
    expect(record).toEqual(again);
    expect(record.kid).toBe(key.kid);
    expect(parameterHash).toBe((await world.registry.getRequest('CHG-1'))?.parameterHash);
  });

  it('is read with the events of one commit, and not of the chain', async () => {
    const world = await newWorld();
    const record = await issued(world);
    const asked: unknown[] = [];
    const registry: GrantReader['registry'] = {
      eventsOf: (...range) => {
        asked.push(range);
        return world.registry.eventsOf(...range);
      },
    };
    await readGranted({ ...readerOf(world), registry }, record, await ringOf(world));
    const from = record.grantSeq ?? 0;
    expect(asked).toEqual([[{ kind: 'client', id: 'partner' }, from, from + LARGEST_COMMIT - 1]]);
  });

  it('is nothing where the record does not lead to the event that prepared it', async () => {
    const world = await newWorld();
    const old = await issued(world);
    await rotateToken(world.deps, { client: 'partner', jti: old.jti, grace: 60, takeOver: false }, world.sink);
    const pending = await interrupted(world);
    const [again, ring] = [await interrupted(world), await ringOf(world)];
    const { grantSeq: _, ...unled } = old;
    const grantSeq = again.grantSeq ?? 0;
    await issueToken(world.deps, { ...partner, client: 'admins' }, world.sink);
    const cases: readonly (readonly [TokenRecord, RegExp])[] = [
      [unled, /names no event/],
      [{ ...old, grantSeq: 1 }, /prepared another token/],
      [{ ...old, grantSeq: 2 }, /prepared another token/],
      [{ ...old, grantSeq: (old.grantSeq ?? 0) + 1 }, /prepared another token/],
      [{ ...old, grantSeq: 10_000 }, /prepared another token/],
      [{ ...old, grantSeq: Number.MAX_SAFE_INTEGER }, /prepared another token/],
      [{ ...old, grantSeq: 999_999_999_950 }, /prepared another token/],
      [{ ...old, client: 'admins' }, /prepared another token/],
      [{ ...old, jti: pending.jti }, /prepared another token/],
      [{ ...again, regrantSeq: grantSeq }, /prepared another token/],
      [{ ...again, grantSeq: again.regrantSeq ?? 0 }, /prepared another token/],
      [{ ...old, regrantSeq: again.regrantSeq ?? 0 }, /prepared another token/],
    ];
    for (const [record, why] of cases) {
      await expect(readGranted(readerOf(world), record, ring)).rejects.toEqual(refusal(why));
    }
  });

  it.each<[string, (event: AuditEvent, own: number) => AuditEvent | undefined, RegExp]>([
    ['has lost its grant', withoutGrant, /no statement/],
    ['was edited', (event) => ({ ...event, actor: 'else@host' }), /not what was hashed/],
    [
      'has the grant of a later commit',
      (event, own) => (event.seq === own ? { ...event, grant: LATER.grant } : event),
      /something else/,
    ],
    ['is gone', (event, own) => (event.seq === own ? undefined : event), /prepared another token/],
  ])('is nothing where the event %s', async (_, edit, why) => {
    const world = await newWorld();
    const record = await issued(world);
    await issueToken(world.deps, partner, world.sink);
    const events = await Array.fromAsync(world.registry.eventsOf({ kind: 'client', id: 'partner' }));
    LATER.grant = events.findLast(({ grant }) => grant !== undefined)?.grant ?? '';
    const registry: GrantReader['registry'] = {
      eventsOf: async function* (_ref, from = 1, to = Infinity) {
        const edited = events.flatMap((event) => edit(event, record.grantSeq ?? 0) ?? []);
        yield* edited.filter(({ seq }) => seq >= from && seq <= to);
      },
    };
    await expect(readGranted({ ...readerOf(world), registry }, record, await ringOf(world))).rejects.toEqual(
      refusal(why),
    );
  });

  it('is nothing below the beginning of the grant above it', async () => {
    const world = await newWorld();
    const record = await issued(world);
    const events = await Array.fromAsync(world.registry.eventsOf({ kind: 'client', id: 'partner' }));
    // The first commit's grant is gone: the next one is found, and says nothing of it.
    const first = (await recordsOf(world)).find(({ jti }) => jti !== record.jti) ?? expect.fail();
    const registry: GrantReader['registry'] = {
      eventsOf: async function* (_ref, from = 1) {
        for (const { grant, ...event } of events.filter(({ seq }) => seq >= from)) {
          yield event.seq < (record.grantSeq ?? 0) || grant === undefined ? event : { ...event, grant };
        }
      },
    };
    await expect(readGranted({ ...readerOf(world), registry }, first, await ringOf(world))).rejects.toEqual(
      refusal(/about later events/),
    );
  });

  it.each(['revoked', 'pending'] as const)('is nothing by a key that is %s', async (state) => {
    const world = await newWorld();
    const record = await issued(world);
    const ring = await ringOf(world);
    const changed = { ...ring, keys: ring.keys.map((key) => ({ ...key, state })) };
    await expect(readGranted(readerOf(world), record, changed)).rejects.toEqual(
      refusal(new RegExp(`key that is ${state}`)),
    );
    await expect(readGranted(readerOf(world), record, { ...ring, keys: [] })).rejects.toEqual(
      refusal(/not in the key ring/),
    );
  });

  it.each(['retiring', 'retired'] as const)('is what it was by a key that is %s', async (state) => {
    const world = await newWorld();
    const record = await issued(world);
    const ring = await ringOf(world);
    const changed = { ...ring, keys: ring.keys.map((key) => ({ ...key, state })) };
    await expect(readGranted(readerOf(world), record, changed)).resolves.toMatchObject({ record: { scopes: ['a'] } });
  });

  it('is nothing where an event cannot be read, and unknown where the registry cannot be reached', async () => {
    const world = await newWorld();
    const record = await issued(world);
    const failing = (error: Error): GrantReader => ({
      ...readerOf(world),
      registry: {
        // oxlint-disable-next-line require-yield
        eventsOf: async function* () {
          throw error;
        },
      },
    });
    const ring = await ringOf(world);
    const damaged = failing(new InvalidStateError('STORE_DAMAGED', 'an event'));
    await expect(readGranted(damaged, record, ring)).rejects.toEqual(refusal(/cannot be read/));
    const away = failing(new InvalidStateError('STORE_FOREIGN', 'away'));
    await expect(readGranted(away, record, ring)).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
  });

  it('is refused without a word of what the record says', async () => {
    const world = await newWorld();
    const { grantSeq: _, ...record } = await issued(world);
    const lies = { ...record, scopes: ['evil'], aud: ['https://evil.example'], note: 'evil', iss: 'evil' };
    const error: unknown = await readGranted(readerOf(world), lies, await ringOf(world)).catch(
      (thrown: unknown) => thrown,
    );
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('evil');
  });
});

const LATER = { grant: '' };
