import { describe, expect, it } from 'vitest';
import type { TokenRecord } from '../domain/records.ts';
import type { Registry } from '../ports/registry.ts';
import { setClient, suspendClient } from './clients.ts';
import { listExpiring } from './expiring.ts';
import { issueToken } from './issue.ts';
import { revokeToken } from './revoke.ts';
import { rotateToken } from './rotate.ts';
import { newWorld, partner, use, type World } from './world.fixture.ts';

const DAY = 86_400;

async function issued(world: World, part: object): Promise<TokenRecord> {
  return (await issueToken(world.deps, { ...partner, ...part }, world.sink)).record;
}

const found = async (world: World, days: number, client?: string): Promise<string[]> =>
  (await listExpiring(world.deps, { within: days * DAY, client })).map(({ record }) => record.jti);

describe('expiring tokens', () => {
  it('are the live ones whose end lies within the time, to the second, by client and end', async () => {
    const world = await newWorld();
    const late = await issued(world, { ttl: 14 * DAY });
    const beyond = await issued(world, { ttl: 14 * DAY + 1 });
    const soon = await issued(world, { ttl: DAY });
    const other = await issued(world, { client: 'agency', ttl: 13 * DAY });
    expect(await found(world, 14)).toEqual([other.jti, soon.jti, late.jti]);
    expect(await found(world, 14, 'partner')).toEqual([soon.jti, late.jti]);
    world.clock.advance(1000);
    expect(await found(world, 14)).toContain(beyond.jti);
    world.clock.advance(DAY * 1000);
    expect(await found(world, 14)).not.toContain(soon.jti);
  });

  it('are not those that are revoked, pending, not valid yet or of a suspended client', async () => {
    const world = await newWorld();
    const revoked = await issued(world, { ttl: DAY });
    await revokeToken(world.deps, { jti: revoked.jti });
    await issued(world, { ttl: DAY, notBefore: Math.floor(world.clock.now() / 1000) + 60 });
    await issued(world, { client: 'stopped', ttl: DAY });
    await suspendClient(world.deps, 'stopped');
    world.sink.failDelivery(new Error('full'));
    await expect(issued(world, { ttl: DAY })).rejects.toThrow(expect.objectContaining({ code: 'DELIVERY_FAILED' }));
    expect(await found(world, 14)).toEqual([]);
  });

  it('say whom to write to, when they were last used, and whether a live token replaces them', async () => {
    const world = await newWorld();
    await setClient(world.deps, 'partner', { contact: 'ops@partner.example' });
    const old = await issued(world, { ttl: 10 * DAY });
    await use(world, old);
    const rotation = { client: 'partner', jti: old.jti, grace: 3 * DAY, ttl: 90 * DAY, takeOver: false };
    const { record: successor } = await rotateToken(world.deps, rotation, world.sink);
    const view = { contact: 'ops@partner.example', lastUsedAt: old.iat, remaining: 3 * DAY };
    expect(await listExpiring(world.deps, { within: 14 * DAY })).toMatchObject([
      { ...view, successorLive: true, attention: [] },
    ]);
    await revokeToken(world.deps, { jti: successor.jti });
    expect(await listExpiring(world.deps, { within: 14 * DAY })).toMatchObject([
      { ...view, successorLive: false, attention: ['expiring'] },
    ]);
  });

  it('are read with what ends by then, and nothing that ends later', async () => {
    const world = await newWorld();
    await issued(world, { ttl: 13 * DAY });
    await issued(world, { ttl: 300 * DAY });
    const read: TokenRecord[] = [];
    const registry: Registry = {
      ...world.deps.registry,
      tokensByEnd: async function* (...interval) {
        for await (const record of world.registry.tokensByEnd(...interval)) {
          read.push(record);
          yield record;
        }
      },
    };
    const views = await listExpiring({ ...world.deps, registry }, { within: 13 * DAY });
    expect(read).toEqual(views.map(({ record }) => record));
    expect(read).toHaveLength(1);
  });

  it('are read by their end alone, unless one client is asked about, whose early ends are found too', async () => {
    const world = await newWorld();
    const old = await issued(world, { ttl: 90 * DAY });
    await rotateToken(world.deps, { client: 'partner', jti: old.jti, grace: 3 * DAY, takeOver: false }, world.sink);
    const seen = new Set<string>();
    world.meet(({ method }) => void seen.add(method));
    expect(await found(world, 14)).toEqual([]);
    expect(seen).not.toContain('tokensOfClient');
    expect(await found(world, 14, 'partner')).toEqual([old.jti]);
    await expect(found(world, 14, 'unknown')).rejects.toThrow(expect.objectContaining({ code: 'CLIENT_NOT_FOUND' }));
  });

  it('are those in their grace as well whose successor is not live any more, long before they expire', async () => {
    const world = await newWorld();
    const old = await issued(world, { ttl: 300 * DAY });
    const rotation = { client: 'partner', jti: old.jti, grace: 3 * DAY, takeOver: false };
    const { record: successor } = await rotateToken(world.deps, rotation, world.sink);
    expect(await found(world, 14)).toEqual([]);
    await revokeToken(world.deps, { jti: successor.jti });
    expect(await found(world, 14)).toEqual([old.jti]);
    expect(await found(world, 2)).toEqual([]);
  });
});
