import { describe, expect, it } from 'vitest';
import { hashEvent } from '../domain/events.ts';
import type { AuditEvent, KeyRing } from '../domain/records.ts';
import { sha256Hex } from '../jose/digest.ts';
import { memoryKeys } from '../testing/memory-keys.ts';
import { issueMany } from './bulk-issue.ts';
import { surveyBulk } from './bulk-survey.ts';
import { GrantCheck, type Unproven } from './grant-check.ts';
import { LARGEST_COMMIT } from './grants.ts';
import { issueToken } from './issue.ts';
import { rotateToken } from './rotate.ts';
import { newWorld, partner, type World } from './world.fixture.ts';

const REF = { kind: 'client', id: 'partner' } as const;

const eventsOf = ({ registry }: World): Promise<AuditEvent[]> => Array.fromAsync(registry.eventsOf(REF));

async function check(
  { keys, deps: { environment } }: World,
  events: readonly AuditEvent[],
  ring?: KeyRing,
): Promise<Unproven[]> {
  const grants = new GrantCheck({ keys, environment }, REF, ring);
  const found: Unproven[] = [];
  for (const event of events) found.push(...(await grants.next(event)));
  return [...found, ...grants.end()];
}

/** Two single tokens, a rotation, a request that was resumed, and a bulk run of three. */
async function history(): Promise<World> {
  const world = await newWorld();
  const failing = { check: async () => {}, deliver: () => Promise.reject(new Error('cut')) };
  await issueToken(world.deps, partner, world.sink);
  const { record } = await issueToken(world.deps, partner, world.sink);
  await rotateToken(world.deps, { client: 'partner', jti: record.jti, grace: 60, takeOver: false }, world.sink);
  await issueToken(world.deps, { ...partner, requestId: 'CHG-1' }, failing).catch(() => {});
  await issueToken(world.deps, { ...partner, requestId: 'CHG-1' }, world.sink);
  const requests = [1, 2, 3].map((n) => ({ ...partner, requestId: `bulk-${n}` }));
  await issueMany(world.deps, requests, world.sink, {
    survey: await surveyBulk(world.deps, requests),
    concurrency: 8,
    rate: undefined,
    signal: new AbortController().signal,
    tell: () => {},
  });
  return world;
}

function rehashed(events: readonly AuditEvent[]): AuditEvent[] {
  let prev = '0'.repeat(64);
  return events.map((event, index) => {
    const linked = { ...event, seq: index + 1, prev };
    prev = hashEvent(linked, sha256Hex);
    return { ...linked, hash: prev };
  });
}

const prepares = (events: readonly AuditEvent[]): number[] =>
  events.filter(({ action }) => action.endsWith('prepared')).map(({ seq }) => seq);

describe('following a chain', () => {
  it('finds a grant for every token that it prepares, anew or not', async () => {
    const world = await history();
    const events = await eventsOf(world);
    expect(prepares(events)).toHaveLength(8);
    expect(await check(world, events)).toEqual([]);
  });

  it('finds each token unproven whose own commit has no grant, and no other', async () => {
    const world = await history();
    const events = await eventsOf(world);
    for (const [index, { grant, action }] of events.entries()) {
      if (grant === undefined) continue;
      const without = events.map(({ grant: kept, ...event }, n) =>
        n === index || kept === undefined ? event : { ...event, grant: kept },
      );
      const found = await check(world, without);
      // That of a commit is on its last event: the three of the bulk run have one between them.
      const expected = action === 'token.claimed' ? 1 : Math.max(1, found.length);
      expect(found).toHaveLength(expected);
      expect(found.every(({ why }) => why.startsWith('no statement'))).toBe(true);
      expect(Math.max(...found.map(({ seq }) => seq))).toBeLessThanOrEqual(index + 1);
      expect(Math.min(...found.map(({ seq }) => seq))).toBeGreaterThan(
        events.slice(0, index).findLastIndex((before) => before.grant !== undefined) + 1,
      );
    }
  });

  it('lets an honest grant prove nothing that was planted below it, or that was hashed anew', async () => {
    const world = await history();
    const events = await eventsOf(world);
    const first = events.find(({ action }) => action === 'token.prepared');
    const last = events.findLastIndex(({ grant }) => grant !== undefined);
    const planted = { ...(first ?? expect.fail()), subject: '00000000-0000-4000-8000-000000000000' };
    const { grant: _, ...bare } = planted;
    const found = await check(world, rehashed(events.toSpliced(last, 0, bare)));
    expect(found.map(({ jti }) => jti)).toContain(planted.subject);
    // Every statement behind it is about another chain.
    expect(await check(world, rehashed([bare, ...events]))).toHaveLength(prepares(events).length + 1);
  });

  it('waits for a grant for no longer than a commit can be, and keeps no more events', async () => {
    const world = await history();
    const [, prepared = expect.fail()] = await eventsOf(world);
    const { grant: _, ...bare } = prepared;
    const grants = new GrantCheck({ keys: world.keys, environment: world.deps.environment }, REF);
    const found: number[] = [];
    for (let n = 0; n < LARGEST_COMMIT; n += 1) found.push((await grants.next(bare)).length);
    expect(found.slice(0, -1).every((count) => count === 0)).toBe(true);
    expect(found.at(-1)).toBe(1);
    expect(grants.end()).toHaveLength(LARGEST_COMMIT - 1);
  });

  it('believes no key but those of the provider, and where a ring is given, that may still vouch', async () => {
    const world = await history();
    const events = await eventsOf(world);
    const ring = (await world.registry.readKeyRing()) ?? expect.fail();
    const as = (state: KeyRing['keys'][number]['state']): KeyRing => ({
      ...ring,
      keys: ring.keys.map((key) => ({ ...key, state })),
    });
    const all = prepares(events).length;
    expect(await check({ ...world, keys: memoryKeys() }, events)).toHaveLength(all);
    for (const state of ['active', 'retiring', 'retired'] as const)
      expect(await check(world, events, as(state))).toEqual([]);
    expect(await check(world, events, as('revoked'))).toHaveLength(all);
    expect(await check(world, events, as('pending'))).toHaveLength(all);
    expect(await check(world, events, { ...ring, keys: [] })).toHaveLength(all);
    expect((await check(world, events, as('revoked'))).map(({ why }) => why)).toContain(
      'its statement is signed by a key that is revoked',
    );
  });
});
