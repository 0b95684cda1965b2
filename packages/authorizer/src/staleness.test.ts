/** How old the state behind a decision may be, and what is read for it: the caches, seen through the public face. */
import { AccessDeniedError, revocationBound, sha256Base64url } from '@apikey/shared';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gate, settle, START, testKey, World, type Issued } from '../test/world.ts';
import type { Authorizer, Decision } from './index.ts';

const allowed = { allowed: true };
const revoked = { allowed: false, reason: 'revoked' };

/** Issued long before any time that a test sets the wall clock back to. */
const longAgo = { claims: { iat: START - 86_400 } };

/** A token under a kid that nobody ever made. */
function forgedKid(world: World, name: string): Issued {
  return world.issue({ key: { ...world.key, kid: sha256Base64url(name) } });
}

async function allow(authorizer: Authorizer, { token }: Issued): Promise<void> {
  expect(await authorizer.authorize({ token })).toMatchObject(allowed);
}

describe('with tokens: 0', () => {
  test('every decision reads the status, and a revocation holds from the next one on', async () => {
    const world = new World();
    const authorizer = world.authorizer();
    const issued = world.issue();
    await allow(authorizer, issued);
    await allow(authorizer, issued);
    expect(world.calls.status).toBe(2);
    world.revoke(issued.jti);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(revoked);
  });

  test('a request does not join a read that was sent before it arrived', async () => {
    const world = new World();
    const authorizer = world.authorizer();
    const issued = world.issue();
    await allow(authorizer, issued);
    const slow = gate();
    world.beforeStatus = (nth) => (nth === 2 ? slow.opened : undefined);
    const before = authorizer.authorize(issued);
    await settle();
    world.revoke(issued.jti);
    const after = authorizer.authorize(issued);
    await expect(after).resolves.toMatchObject(revoked);
    slow.open();
    await before;
    expect(world.calls.status).toBe(3);
    // The old answer, though it came last, changes nothing for whoever asks now.
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(revoked);
  });

  test('a request that waited for the ring may use a status that another one read in the meantime', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { keys: 0 } });
    const issued = world.issue();
    await allow(authorizer, issued);
    const slow = gate();
    world.beforeRing = () => slow.opened;
    const [first, second] = [authorizer.authorize(issued), authorizer.authorize(issued)];
    await settle();
    slow.open();
    expect(await Promise.all([first, second])).toMatchObject([allowed, allowed]);
  });
});

describe('with staleness', () => {
  test('one read serves every request until it is older than agreed', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 5 } });
    const issued = world.issue();
    await allow(authorizer, issued);
    world.revoke(issued.jti);
    world.clock.advance(5);
    await allow(authorizer, issued);
    expect(world.calls.status).toBe(1);
    world.clock.advance(0.001);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(revoked);
    expect(world.calls.status).toBe(2);
  });

  test('age counts from the moment the read was sent, not from its answer', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 5 } });
    const issued = world.issue();
    const slow = gate();
    world.beforeStatus = (nth) => (nth === 1 ? slow.opened : undefined);
    const first = authorizer.authorize(issued);
    await settle();
    world.revoke(issued.jti);
    world.clock.advance(4);
    slow.open();
    await expect(first).resolves.toMatchObject(allowed);
    world.clock.advance(1.5);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(revoked);
  });

  test('a request joins a read in flight that is young enough, and no older one', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 5 } });
    const issued = world.issue();
    const slow = gate();
    world.beforeStatus = (nth) => (nth === 1 ? slow.opened : undefined);
    const first = authorizer.authorize(issued);
    await settle();
    world.revoke(issued.jti);
    world.clock.advance(5);
    const joins = authorizer.authorize(issued);
    await settle();
    expect(world.calls.status).toBe(1);
    world.clock.advance(1);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(revoked);
    expect(world.calls.status).toBe(2);
    slow.open();
    // Their read said active, but a younger one has found the token dead since.
    expect(await Promise.all([first, joins])).toMatchObject([revoked, revoked]);
    expect(world.calls.status).toBe(2);
  });

  test('1,000 concurrent first requests for one token cost one status read, one ring read and one key fetch', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 1 } });
    const issued = world.issue();
    const decisions = await Promise.all(Array.from({ length: 1000 }, () => authorizer.authorize(issued)));
    expect(decisions.every((decision) => decision.allowed)).toBe(true);
    expect(world.calls).toEqual({ status: 1, ring: 1, key: 1 });
  });

  test('a monotonic clock that stands still, as in a frozen function, keeps nothing alive', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 60 } });
    const issued = world.issue();
    await allow(authorizer, issued);
    world.revoke(issued.jti);
    world.clock.moveWall(61);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(revoked);
  });

  test('a wall clock that stands still keeps nothing alive either', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 60 } });
    const issued = world.issue();
    await allow(authorizer, issued);
    world.revoke(issued.jti);
    world.clock.moveMonotonic(61);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(revoked);
  });

  test.each([-0.001, -1, -3600])('a wall clock that goes back by %d s voids what is known', async (seconds) => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 60 } });
    const issued = world.issue(longAgo);
    await allow(authorizer, issued);
    world.revoke(issued.jti);
    world.clock.moveWall(seconds);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(revoked);
  });

  test('a wall clock that went forward and back again in between voids what is known', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 60 } });
    const [issued, other] = [world.issue(longAgo), world.issue()];
    await allow(authorizer, issued);
    world.clock.moveWall(50);
    await allow(authorizer, other);
    world.revoke(issued.jti);
    world.clock.moveWall(-49);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(revoked);
  });

  test('a suspended client is let in again once its status is old enough to be read anew', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 5 } });
    const issued = world.issue();
    world.addClient('partner', { state: 'suspended' });
    await expect(authorizer.authorize(issued)).resolves.toMatchObject({ reason: 'client_suspended' });
    world.addClient('partner');
    world.clock.advance(6);
    await allow(authorizer, issued);
  });
});

describe('what is not there yet', () => {
  test.each([
    ['missing', (world: World, { jti }: Issued) => world.records.delete(jti)],
    ['pending', (world: World, { jti }: Issued) => world.updateRecord(jti, { state: 'pending' })],
    ['without its client', (world: World) => world.clients.delete('partner')],
  ])('is never kept: a token that was %s works from the moment it is live', async (_, change) => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 60 } });
    const issued = world.issue();
    const record = world.records.get(issued.jti);
    const client = world.clients.get('partner');
    change(world, issued);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject({ allowed: false });
    if (record !== undefined) world.records.set(issued.jti, record);
    if (client !== undefined) world.clients.set('partner', client);
    await allow(authorizer, issued);
  });

  test('is read again by a request that joined a read from before the activation', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 60 } });
    const issued = world.issue({ record: { state: 'pending' } });
    const slow = gate();
    world.beforeStatus = (nth) => (nth === 1 ? slow.opened : undefined);
    const before = authorizer.authorize(issued);
    await settle();
    world.updateRecord(issued.jti, { state: 'active' });
    const after = Array.from({ length: 50 }, () => authorizer.authorize(issued));
    await settle();
    slow.open();
    await expect(before).resolves.toMatchObject({ reason: 'not_activated' });
    expect((await Promise.all(after)).every((decision) => decision.allowed)).toBe(true);
    expect(world.calls.status).toBe(2);
  });
});

describe('a dead token', () => {
  test('that was seen revoked is denied without another read, however often it is replayed', async () => {
    const world = new World();
    const authorizer = world.authorizer();
    const issued = world.issue();
    world.revoke(issued.jti);
    for (let n = 0; n < 100; n += 1) {
      world.clock.advance(3600);
      // oxlint-disable-next-line no-await-in-loop
      await expect(authorizer.authorize(issued)).resolves.toMatchObject(revoked);
    }
    expect(world.calls).toEqual({ status: 1, ring: 1, key: 1 });
    expect(world.reports.at(-1)).toMatchObject({ cache: { token: 'hit', status: 'dead' } });
  });

  test('that has expired costs one read, and is judged by the clock all the same', async () => {
    const world = new World();
    const authorizer = world.authorizer();
    const issued = world.issue({ claims: { exp: 1_800_000_100 } });
    world.clock.advance(3600);
    for (let n = 0; n < 10; n += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(authorizer.authorize(issued)).resolves.toMatchObject({ reason: 'expired' });
    }
    expect(world.calls.status).toBe(1);
    // The clock was wrong and is put right: the token was never dead.
    world.clock.moveWall(-3600);
    await allow(authorizer, issued);
  });

  test('that is denied for another reason is read again', async () => {
    const world = new World();
    const authorizer = world.authorizer();
    const issued = world.issue();
    world.addClient('partner', { state: 'suspended' });
    await authorizer.authorize(issued);
    world.addClient('partner');
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(allowed);
  });
});

describe('the key ring', () => {
  test('is read when it is older than agreed, and a revoked key ends its tokens within that time', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { keys: 60 } });
    const issued = world.issue();
    await allow(authorizer, issued);
    world.setKeyState(world.key, 'revoked');
    world.clock.advance(60);
    await allow(authorizer, issued);
    world.clock.advance(0.001);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject({ reason: 'key_revoked' });
    expect(world.calls.ring).toBe(2);
  });

  test('is read by every decision with keys: 0', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 60, keys: 0 } });
    const issued = world.issue();
    await allow(authorizer, issued);
    await allow(authorizer, issued);
    expect(world.calls.ring).toBe(2);
    world.setKeyState(world.key, 'revoked');
    await expect(authorizer.authorize(issued)).resolves.toMatchObject({ reason: 'key_revoked' });
  });

  test.each(['pending', 'retiring'] as const)('accepts what a %s key signed', async (state) => {
    const world = new World();
    world.setKeyState(world.key, state);
    await expect(world.authorizer().authorize(world.issue())).resolves.toMatchObject(allowed);
  });

  test('does not bring back a token when its public key is still at hand but its entry is gone', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { keys: 0 } });
    const issued = world.issue();
    await allow(authorizer, issued);
    world.ringKeys = [];
    await expect(authorizer.authorize(issued)).resolves.toMatchObject({ reason: 'key_unknown' });
  });

  test('gives a key one algorithm: a ring that names another one denies what was verified before', async () => {
    const world = new World();
    const key = testKey('RS256');
    world.addKey(key);
    const authorizer = world.authorizer({ maxStaleness: { keys: 0 } });
    const issued = world.issue({ key });
    await allow(authorizer, issued);
    world.addKey(key, 'active', { alg: 'PS256' });
    await expect(authorizer.authorize(issued)).resolves.toMatchObject({ reason: 'bad_signature' });
  });

  test('is read early for a kid that it does not have, so that a new key works at once', async () => {
    const world = new World();
    const authorizer = world.authorizer();
    await allow(authorizer, world.issue());
    const key = testKey('ES256', 1);
    world.addKey(key);
    await allow(authorizer, world.issue({ key }));
    expect(world.calls.ring).toBe(2);
  });

  test.each([10, 60, 3600])('is read at most once in 10 s for made-up kids, with keys: %d', async (keys) => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { keys } });
    await allow(authorizer, world.issue());
    const before = world.calls.ring;
    for (let second = 0; second < 30; second += 1) {
      const forged = Array.from({ length: 20 }, (_, n) => authorizer.authorize(forgedKid(world, `${second} ${n}`)));
      // oxlint-disable-next-line no-await-in-loop
      const decisions = await Promise.all(forged);
      expect(decisions.every((decision) => !decision.allowed && decision.reason === 'key_unknown')).toBe(true);
      world.clock.advance(1);
    }
    expect(world.calls.ring - before).toBe(3);
    expect(world.calls).toMatchObject({ status: 1, key: 1 });
  });

  test('with keys: 0 is read for made-up kids as well, one read at a time however many come at once', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { keys: 0 } });
    await allow(authorizer, world.issue());
    const before = world.calls.ring;
    let [underway, most] = [0, 0];
    world.beforeRing = async () => {
      underway += 1;
      most = Math.max(most, underway);
      await settle();
      underway -= 1;
    };
    const forged = Array.from({ length: 200 }, (_, n) => authorizer.authorize(forgedKid(world, `${n}`)));
    const decisions = await Promise.all(forged);
    expect(decisions.every((decision) => !decision.allowed && decision.reason === 'key_unknown')).toBe(true);
    // The first one's, and one that was sent after all the others had arrived.
    expect(world.calls.ring - before).toBe(2);
    expect(most).toBe(1);
  });

  test.each([0, 1, 5, 9.9])(
    'with keys: %d knows a new key once it is older than that, made-up kids or not',
    async (keys) => {
      const world = new World();
      const authorizer = world.authorizer({ maxStaleness: { keys } });
      await allow(authorizer, world.issue());
      await expect(authorizer.authorize(forgedKid(world, 'made up'))).resolves.toMatchObject({ reason: 'key_unknown' });
      const key = testKey('ES256', 1);
      world.addKey(key);
      world.clock.advance(keys === 0 ? 0 : keys + 0.001);
      await allow(authorizer, world.issue({ key }));
    },
  );

  test('with keys: 0 denies by no read that was sent before the request arrived', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { keys: 0 } });
    await allow(authorizer, world.issue());
    const slow = gate();
    world.beforeRing = () => slow.opened;
    const forged = authorizer.authorize(forgedKid(world, 'made up'));
    await settle();
    const key = testKey('ES256', 1);
    world.addKey(key);
    const genuine = authorizer.authorize(world.issue({ key }));
    await settle();
    slow.open();
    expect(await Promise.all([forged, genuine])).toMatchObject([{ reason: 'key_unknown' }, allowed]);
  });

  test('is not read again for made-up kids while early reads fail: the cool-down comes first', async () => {
    const world = new World();
    const authorizer = world.authorizer();
    const issued = world.issue();
    await allow(authorizer, issued);
    world.beforeRing = () => Promise.reject(new Error('gone'));
    const forged = (n: number): Promise<Decision> =>
      authorizer.authorize(world.issue({ key: { ...world.key, kid: sha256Base64url(`made up ${n}`) } }));
    await expect(forged(1)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
    expect(world.calls.ring).toBe(1 + 3);
    await expect(forged(2)).resolves.toMatchObject({ reason: 'key_unknown' });
    expect(world.calls.ring).toBe(1 + 3);
    await allow(authorizer, issued);
  });

  test.each([0, 5, 60])(
    'out of reach from the start, is read once per cool-down for all kids, with keys: %d',
    async (keys) => {
      const world = new World();
      const authorizer = world.authorizer({ maxStaleness: { keys } });
      world.beforeRing = () => Promise.reject(new Error('gone'));
      for (let second = 0; second < 30; second += 1) {
        const asked = Array.from({ length: 5 }, (_, n) => authorizer.authorize(forgedKid(world, `${second} ${n}`)));
        // oxlint-disable-next-line no-await-in-loop
        const outcomes = await Promise.allSettled(asked);
        // Nothing is known, so nothing is denied.
        for (const outcome of outcomes) {
          expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'REGISTRY_UNAVAILABLE' } });
        }
        world.clock.advance(1);
      }
      // Three reads, of three attempts each.
      expect(world.calls).toEqual({ status: 0, ring: 9, key: 0 });
      world.beforeRing = () => undefined;
      await allow(authorizer, world.issue());
    },
  );

  test('that grew old while the registry was away is read once per cool-down for made-up kids, and denies none', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { keys: 5 } });
    await allow(authorizer, world.issue());
    world.beforeRing = () => Promise.reject(new Error('gone'));
    world.clock.advance(6);
    const before = world.calls.ring;
    for (let n = 0; n < 9; n += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(authorizer.authorize(forgedKid(world, `${n}`))).rejects.toMatchObject({
        code: 'REGISTRY_UNAVAILABLE',
      });
      world.clock.advance(1);
    }
    expect(world.calls.ring - before).toBe(3);
  });

  test('is found again at once when anybody has read it, whatever failed before', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { keys: 0 } });
    const known = world.issue();
    await allow(authorizer, known);
    world.beforeRing = () => Promise.reject(new Error('gone'));
    await expect(authorizer.authorize(forgedKid(world, 'made up'))).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
    });
    world.beforeRing = () => undefined;
    await allow(authorizer, known);
    const key = testKey('ES256', 1);
    world.addKey(key);
    await allow(authorizer, world.issue({ key }));
  });

  test('is joined by those who seek a new key while it is being read early', async () => {
    const world = new World();
    const authorizer = world.authorizer();
    await allow(authorizer, world.issue());
    const slow = gate();
    world.beforeRing = () => slow.opened;
    const key = testKey('ES256', 1);
    world.addKey(key);
    const waiting = Array.from({ length: 20 }, () => authorizer.authorize(world.issue({ key })));
    await settle();
    slow.open();
    expect((await Promise.all(waiting)).every((decision) => decision.allowed)).toBe(true);
    expect(world.calls.ring).toBe(2);
  });

  test('a forged signature under a known kid costs no read at all, however stale the ring is', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { keys: 0 } });
    await allow(authorizer, world.issue());
    const { ring, status, key } = world.calls;
    world.clock.advance(3600);
    const forged = world.issue({ key: { ...testKey('ES256', 1), kid: world.key.kid } });
    await expect(authorizer.authorize(forged)).resolves.toMatchObject({ reason: 'bad_signature' });
    expect(world.calls).toEqual({ ring, status, key });
  });
});

interface Ages {
  readonly tokens: number;
  readonly keys: number;
  readonly staleIfError: number;
}

describe('never older than promised', () => {
  type Step =
    | { readonly do: 'ask' }
    | { readonly do: 'revoke' }
    | { readonly do: 'wall' | 'monotonic' | 'both'; readonly by: number };

  /** One step of a random history. */
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constantFrom('ask', 'revoke') }),
    fc.record({ do: fc.constant('wall'), by: fc.integer({ min: -20, max: 20 }) }),
    fc.record({ do: fc.constantFrom('monotonic', 'both'), by: fc.integer({ min: 0, max: 20 }) }),
  );

  /** Plays a history and tells what was wrong with it. */
  async function play(steps: readonly Step[], tokens: number): Promise<string | undefined> {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens } });
    const issued = world.issue(longAgo);
    let revokedFor: number | undefined;
    for (const it of steps) {
      if (it.do === 'revoke') {
        world.revoke(issued.jti);
        revokedFor ??= 0;
      } else if (it.do === 'ask') {
        // oxlint-disable-next-line no-await-in-loop
        const decision = await authorizer.authorize(issued);
        if (decision.allowed && revokedFor !== undefined && revokedFor > tokens) return 'allowed too late';
        if (!decision.allowed && revokedFor === undefined) return 'denied while live';
      } else {
        if (it.do !== 'monotonic') world.clock.moveWall(it.by);
        if (it.do !== 'wall') world.clock.moveMonotonic(it.by);
        // Time surely passes when both clocks say so; when one moves alone, it may be that one that is wrong.
        if (it.do === 'both' && revokedFor !== undefined) revokedFor += it.by;
      }
    }
    return undefined;
  }

  test('whatever the clocks do, no request is allowed later than the bound after a revocation', async () => {
    const histories = fc.array(step, { maxLength: 40 });
    const property = fc.asyncProperty(histories, fc.integer({ min: 0, max: 15 }), async (steps, tokens) => {
      expect(await play(steps, tokens)).toBeUndefined();
    });
    await expect(fc.assert(property, { seed: 20_270_115, numRuns: 300 })).resolves.toBeUndefined();
  });

  type Turn = { readonly do: 'away' | 'back' | 'revoke' | 'revoke key' } | { readonly do: 'pass'; readonly by: number };
  const turn: fc.Arbitrary<Turn> = fc.oneof(
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('away', 'back', 'revoke', 'revoke key') }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('pass'), by: fc.integer({ min: 1, max: 15 }) }) },
  );
  const ages = fc.record({
    tokens: fc.integer({ min: 0, max: 20 }),
    keys: fc.integer({ min: 0, max: 20 }),
    staleIfError: fc.integer({ min: 0, max: 60 }),
  });

  /** Plays a history in which the registry comes and goes, with a question after each turn, and tells what was wrong. */
  async function playOutages(
    turns: readonly Turn[],
    { staleIfError, ...maxStaleness }: Ages,
  ): Promise<string | undefined> {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness, staleIfError });
    const bound = revocationBound({ gatewayResultTtl: 0, maxStaleness, staleIfError });
    const issued = world.issue();
    let [now, away] = [0, false];
    let revokedAt = Number.POSITIVE_INFINITY;
    let keyRevokedAt = Number.POSITIVE_INFINITY;
    // Denied access is tried once: an outage without pauses.
    const fail = (): unknown => (away ? Promise.reject(new AccessDeniedError('ACCESS_DENIED', 'no')) : undefined);
    // Before the first ring was read, a fault lasts for a cool-down: nobody knows yet which kids are made up.
    await allow(authorizer, issued);
    [world.beforeStatus, world.beforeRing] = [fail, fail];
    for (const it of turns) {
      if (it.do === 'pass') {
        now += it.by;
        world.clock.advance(it.by);
      } else if (it.do === 'revoke') {
        world.revoke(issued.jti);
        revokedAt = Math.min(revokedAt, now);
      } else if (it.do === 'revoke key') {
        world.setKeyState(world.key, 'revoked');
        keyRevokedAt = Math.min(keyRevokedAt, now);
      } else away = it.do === 'away';
      // oxlint-disable-next-line no-await-in-loop
      const outcome = await authorizer.authorize(issued).then(
        ({ allowed: yes }) => (yes ? 'allowed' : 'denied'),
        () => 'fault',
      );
      if (outcome === 'fault' && !away) return 'a fault while the registry was there';
      if (outcome === 'denied' && now < Math.min(revokedAt, keyRevokedAt)) return 'denied while live';
      if (outcome === 'allowed' && now > revokedAt + bound.tokens) return 'a revoked token was allowed too late';
      if (outcome === 'allowed' && now > keyRevokedAt + bound.keys) return 'a revoked key was allowed too late';
    }
    return undefined;
  }

  test('whenever the registry is away, nothing is allowed beyond the published bound, and nothing live is denied', async () => {
    const histories = fc.array(turn, { maxLength: 40 });
    const property = fc.asyncProperty(histories, ages, async (turns, settings) => {
      expect(await playOutages(turns, settings)).toBeUndefined();
    });
    await expect(fc.assert(property, { seed: 20_261_128, numRuns: 500 })).resolves.toBeUndefined();
  });
});
