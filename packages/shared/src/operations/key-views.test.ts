import { describe, expect, it } from 'vitest';
import { revokeClient, setClient, suspendClient } from './clients.ts';
import { issueToken } from './issue.ts';
import { tokensOfKey } from './key-tokens.ts';
import { findKey, listKeys, planActivateKey, planRetireKey, planRevokeKey } from './key-views.ts';
import { activateKey, createKey, retireKey, revokeKey } from './keys.ts';
import { newWorld, partner, recordsOf, type World } from './world.fixture.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const MINUTES = 60_000;

/** A ring whose first key is retiring and whose second signs. */
async function rotatedRing(world: World): Promise<{ readonly old: string; readonly active: string }> {
  const [old = expect.fail('no key')] = await listKeys(world.deps);
  const { key } = await createKey(world.deps, 'EdDSA');
  await activateKey(world.deps, key.kid, { now: true });
  return { old: old.key.kid, active: key.kid };
}

describe('the listed key ring', () => {
  it('says of each key what depends on it, and when a pending one may sign and a retiring one be retired', async () => {
    const world = await newWorld();
    await issueToken(world.deps, { ...partner, ttl: 86_400 }, world.sink);
    await issueToken(world.deps, { ...partner, client: 'stopped', ttl: 3_600 }, world.sink);
    const { old } = await rotatedRing(world);
    await suspendClient(world.deps, 'stopped');
    const { key: pending } = await createKey(world.deps, 'ES256');
    const now = world.clock.now() / 1000;
    expect(await listKeys(world.deps)).toEqual([
      expect.objectContaining({ liveTokens: 1, otherTokens: 1, activateFrom: undefined, retireFrom: now + 86_400 }),
      expect.objectContaining({ liveTokens: 0, otherTokens: 0, activateFrom: undefined, retireFrom: undefined }),
      expect.objectContaining({ key: pending, activateFrom: now + 600, retireFrom: undefined }),
    ]);
    await revokeClient(world.deps, 'partner');
    const [first] = await listKeys(world.deps);
    expect(first).toMatchObject({ key: { kid: old }, liveTokens: 0, retireFrom: now + 3_600 });
    await revokeClient(world.deps, 'stopped');
    expect((await listKeys(world.deps))[0]).toMatchObject({ otherTokens: 0, retireFrom: now + 600 });
  });

  it('finds a key by its whole id or the beginning, if that is one key alone', async () => {
    const world = await newWorld();
    const { old } = await rotatedRing(world);
    expect((await findKey(world.deps, old)).kid).toBe(old);
    expect((await findKey(world.deps, old.slice(0, 6))).kid).toBe(old);
    await expect(findKey(world.deps, old.slice(0, 5))).rejects.toThrow(code('INVALID_KID'));
    await expect(findKey(world.deps, 'not a kid')).rejects.toThrow(code('INVALID_KID'));
    await expect(findKey(world.deps, 'k'.repeat(43))).rejects.toThrow(code('KEY_NOT_FOUND'));
    const twins = {
      registry: {
        ...world.registry,
        getRing: async () => {
          const ring = (await world.registry.readKeyRing()) ?? expect.fail('no ring');
          const [key = expect.fail('no key')] = ring.keys;
          const twin = (n: number): typeof key => ({ ...key, kid: `same-start-${n}`.padEnd(43, 'x') });
          return { ...ring, keys: [twin(1), twin(2)] };
        },
      },
    };
    await expect(findKey(twins, 'same-start')).rejects.toThrow(code('AMBIGUOUS'));
  });
});

describe('a plan for a key', () => {
  it('is refused as the change would be, and writes nothing', async () => {
    const world = await newWorld();
    await issueToken(world.deps, partner, world.sink);
    const { old, active } = await rotatedRing(world);
    const { key: pending } = await createKey(world.deps, 'ES256');
    const before = await world.registry.readKeyRing();
    await expect(planActivateKey(world.deps, pending.kid, { now: false })).rejects.toThrow(code('WRONG_STATE'));
    expect(await planActivateKey(world.deps, pending.kid, { now: true })).toMatchObject({ changes: true, tokens: [] });
    await expect(planRetireKey(world.deps, active)).rejects.toThrow(code('WRONG_STATE'));
    world.clock.advance(10 * MINUTES);
    await expect(planRetireKey(world.deps, old)).rejects.toThrow(code('WRONG_STATE'));
    expect((await planRevokeKey(world.deps, old)).tokens).toHaveLength(1);
    expect(await world.registry.readKeyRing()).toEqual(before);
    await revokeKey(world.deps, old, 'laptop lost');
    expect(await planRevokeKey(world.deps, old)).toMatchObject({ changes: false, tokens: [] });
  });
});

describe('the tokens of a key', () => {
  it('do not count once their client was revoked, so that the key can be retired', async () => {
    const world = await newWorld();
    await issueToken(world.deps, partner, world.sink);
    world.sink.failDelivery(new Error('full'));
    await expect(issueToken(world.deps, partner, world.sink)).rejects.toThrow(code('DELIVERY_FAILED'));
    const { old } = await rotatedRing(world);
    world.clock.advance(10 * MINUTES);
    expect(await tokensOfKey(world.deps, old)).toHaveLength(2);
    await expect(retireKey(world.deps, old)).rejects.toThrow(
      expect.objectContaining({ why: expect.stringContaining('2 tokens of partner depend on it') }),
    );
    await revokeClient(world.deps, 'partner');
    expect((await retireKey(world.deps, old)).key.state).toBe('retired');
    expect(await recordsOf(world)).toHaveLength(2);
  });
});

describe('a reason', () => {
  it('is kept in the event of what it was given for, and the chain holds', async () => {
    const world = await newWorld();
    await setClient(world.deps, 'partner', { owner: 'team' });
    await suspendClient(world.deps, 'partner', 'odd traffic');
    await revokeClient(world.deps, 'partner', 'contract ended');
    const [ring = expect.fail('no ring')] = [await world.registry.readKeyRing()];
    await revokeKey(world.deps, ring.keys[0]?.kid ?? '', 'laptop lost');
    const events = await Array.fromAsync(world.registry.eventsOf({ kind: 'client', id: 'partner' }));
    expect(events.map(({ detail }) => detail.reason)).toEqual([undefined, 'odd traffic', 'contract ended']);
    const ringEvents = await Array.fromAsync(world.registry.eventsOf({ kind: 'ring', id: 'main' }));
    expect(ringEvents.at(-1)?.detail.reason).toBe('laptop lost');
  });
});
