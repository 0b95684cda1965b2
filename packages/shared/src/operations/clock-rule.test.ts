import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RefusedError } from '../domain/errors.ts';
import type { AuditEvent } from '../domain/records.ts';
import { parseMillis } from '../domain/time.ts';

import { activateToken } from './activate.ts';
import { issueMany } from './bulk-issue.ts';
import { surveyBulk } from './bulk-survey.ts';
import { resumeClient, revokeAllTokens, revokeClient, setClient, suspendClient } from './clients.ts';
import { finishRotation } from './finish-rotation.ts';
import { issueToken, planIssue } from './issue.ts';
import { planActivateKey } from './key-views.ts';
import { activateKey, createKey, retireKey, revokeKey } from './keys.ts';
import { revokeToken } from './revoke.ts';
import { planRotate, rotateToken } from './rotate.ts';
import type { OperationDeps } from './types.ts';
import { isLive, newWorld, partner, recordsOf, use, type World } from './world.fixture.ts';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** The world as a host sees it whose service says that it is ahead by so much. */
function against(
  world: World,
  evidence: { readonly checked?: boolean; readonly skewed?: number | undefined },
): OperationDeps {
  const { skewed, checked = false } = evidence;
  return { ...world.deps, clockEvidence: { skew: () => skewed, checked } };
}

/** A client with everything that can be given more, or taken away; the last event is of this moment. */
async function scene() {
  const world = await newWorld();
  const { deps, sink, clock } = world;
  const [first] = (await world.registry.readKeyRing())?.keys ?? [];
  const { key: second } = await createKey(deps, 'ES256');
  await activateKey(deps, second.kid, { now: true });
  clock.advance(11 * MINUTE);
  const { key: pendingKey } = await createKey(deps, 'ES256');
  await setClient(deps, 'partner', { scopes: ['a', 'b'], maxTtl: 90 * 86_400, cidrs: ['10.0.0.0/8'] });
  const { record: live } = await issueToken(deps, { ...partner, scopes: ['a'] }, sink);
  const { record: old } = await issueToken(deps, { ...partner, scopes: ['a'] }, sink);
  const { record: successor } = await rotateToken(
    deps,
    { client: 'partner', jti: old.jti, grace: 30 * 86_400, takeOver: false },
    sink,
  );
  clock.advance(HOUR);
  await use(world, successor);
  let token = '';
  const cut = {
    check: async () => {},
    deliver: async (delivered: string) => {
      token = delivered;
      throw new RefusedError('FILE_EXISTS', 'cut short');
    },
  };
  await issueToken(deps, { ...partner, requestId: 'CHG-1' }, cut).catch(() => {});
  const pending = (await recordsOf(world)).find(({ state }) => state === 'pending') ?? expect.fail('none is pending');
  await issueToken(deps, { ...partner, client: 'stopped' }, sink);
  await suspendClient(deps, 'stopped');
  return { world, live, old, successor, pending, token, kids: { first: first?.kid ?? '', pendingKey: pendingKey.kid } };
}
type Scene = Awaited<ReturnType<typeof scene>>;
type Act = (deps: OperationDeps, scene: Scene) => Promise<unknown>;

const rotation = { client: 'partner', grace: 7 * 86_400, takeOver: false };
const GIVING: Readonly<Record<string, Act>> = {
  'issue to a client': (deps, { world }) => issueToken(deps, partner, world.sink),
  'issue to a new client': (deps, { world }) => issueToken(deps, { ...partner, client: 'new' }, world.sink),
  'resume an issue': (deps, { world }) => issueToken(deps, { ...partner, requestId: 'CHG-1' }, world.sink),
  'plan an issue': (deps) => planIssue(deps, partner),
  'issue many': async (deps, { world }) => {
    const requests = [{ ...partner, requestId: 'r-1' }];
    const outcomes: unknown[] = [];
    await issueMany(deps, requests, world.sink, {
      survey: await surveyBulk(deps, requests),
      concurrency: 1,
      rate: undefined,
      signal: new AbortController().signal,
      tell: (_, outcome) => void outcomes.push(outcome.kind === 'failed' ? outcome.error : undefined),
    });
    const [error] = outcomes;
    if (error !== undefined) throw error;
  },
  rotate: (deps, { world, live }) => rotateToken(deps, { ...rotation, jti: live.jti }, world.sink),
  'plan a rotation': (deps, { live }) => planRotate(deps, { ...rotation, jti: live.jti }),
  activate: (deps, { pending, token }) => activateToken(deps, { jti: pending.jti, token }),
  'resume a client': (deps) => resumeClient(deps, 'stopped'),
  'widen scopes': (deps) => setClient(deps, 'partner', { scopes: ['a', 'b', 'c'] }),
  'lift a limit': (deps) => setClient(deps, 'partner', { cidrs: null }),
  'lengthen lifetimes': (deps) => setClient(deps, 'partner', { maxTtl: 91 * 86_400 }),
  'create a key': (deps) => createKey(deps, 'ES256'),
  'activate a key': (deps, { kids }) => activateKey(deps, kids.pendingKey, { now: true }),
  'plan to activate a key': (deps, { kids }) => planActivateKey(deps, kids.pendingKey, { now: true }),
};
const TAKING: Readonly<Record<string, Act>> = {
  'revoke a token': (deps, { live }) => revokeToken(deps, { jti: live.jti }),
  'suspend a client': (deps) => suspendClient(deps, 'partner'),
  'revoke a client': (deps) => revokeClient(deps, 'partner'),
  'revoke all tokens': (deps) => revokeAllTokens(deps, 'partner', undefined),
  'narrow scopes': (deps) => setClient(deps, 'partner', { scopes: ['a'] }),
  'narrow networks': (deps) => setClient(deps, 'partner', { cidrs: ['10.1.0.0/16'] }),
  'shorten lifetimes': (deps) => setClient(deps, 'partner', { maxTtl: 86_400 }),
  'name a contact': (deps) => setClient(deps, 'partner', { contact: 'ops@partner.example' }),
  'revoke a key': (deps, { kids }) => revokeKey(deps, kids.first),
  'retire a key': (deps, { kids }) => retireKey(deps, kids.first),
};
const table = (acts: Readonly<Record<string, Act>>): [string, Act][] => Object.entries(acts);

async function events({ registry }: World): Promise<AuditEvent[]> {
  return Array.fromAsync(registry.eventsByTime(0, Number.MAX_SAFE_INTEGER));
}

describe('what gives, on a host whose clock is wrong', () => {
  it.each(table(GIVING))('without a service, behind the last event: %s', async (name, act) => {
    const its = await scene();
    const before = await events(its.world);
    const signed = its.world.sink.tokens.length;
    its.world.clock.advance(-10 * DAY);
    await expect(act(its.world.deps, its)).rejects.toMatchObject({ code: 'CLOCK_BEHIND', kind: 'conflict' });
    expect(await events(its.world)).toEqual(before);
    expect(its.world.sink.tokens).toHaveLength(signed);
    const proceeds = act(against(its.world, { checked: true }), its);
    // On a clock that is right, its time of issue is in the future.
    if (name === 'resume an issue') await expect(proceeds).rejects.toMatchObject({ code: 'GRANT_NOT_VERIFIED' });
    else await proceeds;
  });

  it.each(table(GIVING))('that a service contradicts: %s', async (_, act) => {
    const its = await scene();
    const before = await events(its.world);
    for (const skewed of [-10 * DAY, -61_000, 61_000, 10 * DAY]) {
      await expect(act(against(its.world, { skewed, checked: true }), its)).rejects.toMatchObject({
        code: 'CLOCK_SKEW',
        kind: 'conflict',
      });
    }
    expect(await events(its.world)).toEqual(before);
    await act(against(its.world, { skewed: 59_000 }), its);
  });

  it('retires no key of which nothing shows that it has settled', async () => {
    const world = await newWorld();
    const [first] = (await world.registry.readKeyRing())?.keys ?? [];
    await activateKey(world.deps, (await createKey(world.deps, 'ES256')).key.kid, { now: true });
    world.clock.advance(-10 * DAY);
    await expect(retireKey(world.deps, first?.kid ?? '')).rejects.toMatchObject({ code: 'WRONG_STATE' });
    // A service that says the time shows it.
    world.clock.advance(10 * DAY + 10 * MINUTE);
    const truth = world.clock.now();
    world.clock.advance(-10 * DAY);
    await retireKey(against(world, { skewed: world.clock.now() - truth }), first?.kid ?? '');
  });

  it.each([
    [0, true],
    [-59_999, true],
    [-60_000, true],
    [-60_001, false],
    [10 * DAY, true],
  ])('is believed %i ms after the last event: %s', async (offset, believed) => {
    const world = await newWorld();
    await issueToken(world.deps, partner, world.sink);
    world.clock.advance(offset);
    const issued = issueToken(world.deps, partner, world.sink);
    if (believed) await issued;
    else await expect(issued).rejects.toMatchObject({ code: 'CLOCK_BEHIND' });
  });

  it('goes on where a service agrees, although an event is dated in the future', async () => {
    const world = await newWorld();
    world.clock.advance(10 * DAY);
    await issueToken(world.deps, partner, world.sink);
    world.clock.advance(-10 * DAY);
    await issueToken(against(world, { skewed: 0 }), partner, world.sink);
    await expect(issueToken(world.deps, partner, world.sink)).resolves.toBeDefined();
  });

  it('makes no key that is then not used', async () => {
    const its = await scene();
    let made = 0;
    its.world.meet(({ method }) => {
      if (method === 'create') made += 1;
    });
    its.world.clock.advance(-DAY);
    await expect(createKey(its.world.deps, 'ES256')).rejects.toMatchObject({ code: 'CLOCK_BEHIND' });
    expect(made).toBe(0);
  });
});

describe('what takes away', () => {
  it.each(table(TAKING).flatMap(([name, act]) => [-10, 10].map((days): [string, number, Act] => [name, days, act])))(
    'never waits for a clock: %s, %i days off',
    async (_, days, act) => {
      for (const skewed of [undefined, days * DAY]) {
        const its = await scene();
        const before = await events(its.world);
        const truth = its.world.clock.now();
        its.world.clock.advance(days * DAY);
        await act(against(its.world, { skewed }), its);
        const added = (await events(its.world)).slice(before.length);
        expect(added.length).toBeGreaterThan(0);
        // Without a service nothing contradicts a host that is ahead.
        const at = skewed === undefined ? Math.max(truth, its.world.clock.now()) : truth;
        expect(new Set(added.map((event) => parseMillis(event.at)))).toEqual(new Set([at]));
      }
    },
  );

  it('dates what it sets by the host that someone has checked', async () => {
    const its = await scene();
    its.world.clock.advance(-10 * DAY);
    await resumeClient(against(its.world, { checked: true }), 'stopped');
    const last = (await Array.fromAsync(its.world.registry.eventsOf({ kind: 'client', id: 'stopped' }))).at(-1);
    expect(parseMillis(last?.at ?? '')).toBe(its.world.clock.now());
  });

  it('refuses no revocation for a last event that cannot be read', async () => {
    const its = await scene();
    its.world.meet(({ method }) => (method === 'eventsOf' ? { kind: 'fail', error: new Error('gone') } : undefined));
    await revokeToken(its.world.deps, { jti: its.live.jti });
    expect((await its.world.registry.findToken(its.live.jti))?.state).toBe('revoked');
  });

  it.each([-400, -10, 0, 10, 400])('ends a grace for good, %i days off', async (days) => {
    for (const skewed of [undefined, days * DAY]) {
      const its = await scene();
      const { world, old } = its;
      const truth = world.clock.now();
      world.clock.advance(days * DAY);
      const finished = finishRotation(against(world, { skewed }), { jti: old.jti, quietFor: 1800 });
      // Where the host is so far ahead that both tokens would have expired, it says so.
      if (days === 400 && skewed === undefined) {
        expect(await finished).toMatchObject({ alreadyEnded: true });
        continue;
      }
      const { record } = await finished;
      world.clock.set(truth);
      expect(record.liveUntil * 1000).toBeLessThanOrEqual(truth);
      expect(await isLive(world, record)).toBe(false);
    }
  });
});

describe('an activation', () => {
  async function rotatedAfter(milliseconds: number, ttl: number) {
    const world = await newWorld();
    const { record: old } = await issueToken(world.deps, { ...partner, ttl: 86_400 }, world.sink);
    const slow = { check: async () => {}, deliver: async () => world.clock.advance(milliseconds) };
    const rotated = rotateToken(world.deps, { ...rotation, jti: old.jti, grace: 0, ttl }, slow);
    return { world, old, rotated };
  }

  it('judges the time again: a successor that expired meanwhile ends nothing', async () => {
    const { world, old, rotated } = await rotatedAfter(HOUR, 1800);
    await expect(rotated).rejects.toMatchObject({ code: 'WRONG_STATE' });
    expect(await isLive(world, (await world.registry.findToken(old.jti)) ?? old)).toBe(true);
  });

  it('judges it at its commit, not when it was decided', async () => {
    const { world, old, rotated } = await (async () => {
      const its = await newWorld();
      const { record } = await issueToken(its.deps, { ...partner, ttl: 86_400 }, its.sink);
      let stopped = false;
      // The process is stopped for an hour after the last read of the activation.
      its.meet(({ method }) => {
        if (method !== 'eventsOf' || its.sink.tokens.length < 2 || stopped) return;
        stopped = true;
        its.clock.advance(HOUR);
      });
      const request = { ...rotation, jti: record.jti, grace: 0, ttl: 1800 };
      return { world: its, old: record, rotated: rotateToken(its.deps, request, its.sink) };
    })();
    await expect(rotated).rejects.toMatchObject({ code: 'WRONG_STATE' });
    expect(await isLive(world, (await world.registry.findToken(old.jti)) ?? old)).toBe(true);
  });

  it('is not tried for ever on a host whose clock does not hold still', async () => {
    const world = await newWorld();
    let moved = 0;
    world.meet(({ method }) => {
      if (method !== 'getRing') return;
      moved += 1;
      world.clock.advance(2 * MINUTE);
    });
    await expect(issueToken(world.deps, partner, world.sink)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(moved).toBeLessThan(20);
  });

  it('is refused if the clock was set back meanwhile', async () => {
    const { world, old, rotated } = await rotatedAfter(-DAY, 86_400);
    await expect(rotated).rejects.toMatchObject({ code: 'CLOCK_BEHIND' });
    expect((await world.registry.findToken(old.jti))?.liveUntil).toBe(old.exp);
  });

  it('counts a service that is a little ahead', async () => {
    const world = await newWorld();
    const { record: old } = await issueToken(world.deps, { ...partner, ttl: 86_400 }, world.sink);
    const slow = { check: async () => {}, deliver: async () => world.clock.advance(20_000) };
    const deps = against(world, { skewed: -50_000 });
    await expect(rotateToken(deps, { ...rotation, jti: old.jti, grace: 0, ttl: 60 }, slow)).rejects.toMatchObject({
      code: 'WRONG_STATE',
    });
  });
});

describe('whatever the clocks do', () => {
  const step = fc.record({
    act: fc.constantFrom('issue', 'rotate', 'rotate', 'rotate', 'revoke', 'finish', 'pass'),
    passed: fc.integer({ min: 0, max: 5 * DAY }),
    offset: fc.oneof(
      fc.constant(0),
      fc.integer({ min: -90_000, max: 90_000 }),
      fc.integer({ min: -30 * DAY, max: 30 * DAY }),
    ),
    /** How far the clock is set between preparation and activation. */
    jump: fc.oneof(fc.constant(0), fc.integer({ min: -DAY, max: DAY })),
    ttl: fc.integer({ min: 60, max: 20 * 86_400 }),
    grace: fc.constantFrom(0, 3600, 7 * 86_400),
    pick: fc.nat(20),
  });

  it.each([['a service says the time'], ['no service is asked']])(
    'where %s, no successor that is dead ends a token, and a revocation holds at once',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
          const world = await newWorld();
          let truth = world.clock.now();
          const served = kind === 'a service says the time';
          const deps = served
            ? { ...world.deps, clockEvidence: { skew: () => world.clock.now() - truth, checked: false } }
            : world.deps;
          const revoked = new Set<string>();
          for (const { act, passed, offset, jump, ttl, grace, pick } of steps) {
            truth += passed;
            world.clock.set(truth + offset);
            const records = await recordsOf(world);
            const jti = records[pick % Math.max(1, records.length)]?.jti;
            const before = new Map(records.map((record) => [record.jti, record]));
            const sink = { check: async () => {}, deliver: async () => world.clock.advance(jump) };
            const refused = (error: unknown): void => {
              expect(error).toMatchObject({ kind: 'conflict' });
            };
            if (act === 'issue') await issueToken(deps, { ...partner, ttl }, sink).catch(refused);
            if (jti === undefined) continue;
            if (act === 'rotate') await rotateToken(deps, { ...rotation, jti, ttl, grace }, sink).catch(refused);
            if (act === 'finish') await finishRotation(deps, { jti, quietFor: 1800 }).catch(refused);
            if (act === 'revoke') {
              await revokeToken(deps, { jti });
              revoked.add(jti);
            }
            const after = new Map((await recordsOf(world)).map((record) => [record.jti, record]));
            for (const id of revoked) expect(after.get(id)?.state).toBe('revoked');
            // The best that anything here knows of the time: the service, or the newest event.
            const log = await events(world);
            const now = served ? truth : Math.max(...log.map((event) => parseMillis(event.at)));
            for (const record of act === 'rotate' ? after.values() : []) {
              const was = before.get(record.jti);
              if (was === undefined || was.liveUntil === record.liveUntil) continue;
              const successor = after.get(record.replacedBy ?? '') ?? expect.fail('ended by nothing');
              expect(successor.state).toBe('active');
              expect(successor.exp * 1000).toBeGreaterThan(now);
            }
          }
        }),
        { numRuns: 150 },
      );
    },
  );
});
