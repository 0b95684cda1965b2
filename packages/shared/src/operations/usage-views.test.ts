import { describe, expect, it } from 'vitest';
import { ThrottledError } from '../ports/errors.ts';
import { changeClient, testJti, testRecord, TEST_SECONDS } from '../testing/fixtures.ts';
import { listClients, openTokensOf, showClient } from './client-views.ts';
import { revokeAllTokens, revokeClient, setClient } from './clients.ts';
import { issueToken } from './issue.ts';
import { createKey } from './keys.ts';
import { listKeys } from './key-views.ts';
import { listTokens, showToken } from './list.ts';
import { planRevoke, revokeToken } from './revoke.ts';
import { rotateToken } from './rotate.ts';
import { describeTokens } from './token-views.ts';
import type { TokenRecord, Client } from '../domain/records.ts';
import { newWorld, partner, recordsOf, use, type World } from './world.fixture.ts';

const DAY = 86_400;

async function issued(world: World, part: object = {}): Promise<TokenRecord> {
  return (await issueToken(world.deps, { ...partner, ...part }, world.sink)).record;
}

const rotated = (world: World, { jti, client }: TokenRecord): Promise<{ readonly record: TokenRecord }> =>
  rotateToken(world.deps, { client, jti, grace: 7 * DAY, takeOver: false }, world.sink);

/** Puts tokens in without signing any: `count` of them, so many to a client. */
async function fill(world: World, count: number, perClient: number): Promise<void> {
  for (let first = 0; first < count; first += perClient) {
    const client = `client-${String(first).padStart(6, '0')}`;
    const created = Array.from({ length: perClient }, (_, n) => testRecord({ client, jti: testJti(first + n, 'f1') }));
    let before: Client | undefined;
    for (let start = 0; start < created.length; start += 1000) {
      const change = changeClient(client, { before, created: created.slice(start, start + 1000) });
      await world.registry.commit(change);
      before = change.client;
    }
  }
}

/** Notes every call of the registry that is met from now on. */
function calls(world: World): string[] {
  const seen: string[] = [];
  world.meet((call) => void seen.push(call.method));
  return seen;
}

describe('a listing of tokens', () => {
  it('tells last use, contact and remaining life of each', async () => {
    const world = await newWorld();
    await setClient(world.deps, 'partner', { contact: 'ops@partner.example' });
    const token = await issued(world, { ttl: 30 * DAY });
    world.clock.advance(DAY * 1000 + 500);
    await use(world, token);
    const now = Math.floor(world.clock.now() / 1000);
    const other = await issued(world, { client: 'other', ttl: DAY });
    expect(await Array.fromAsync(listTokens(world.deps, {}))).toEqual([
      expect.objectContaining({
        record: other,
        lastUsedAt: undefined,
        contact: undefined,
        remaining: DAY,
        successorLive: false,
        attention: ['expiring'],
      }),
      expect.objectContaining({
        lastUsedAt: now,
        contact: 'ops@partner.example',
        remaining: 29 * DAY,
        attention: [],
      }),
    ]);
    await revokeToken(world.deps, { jti: token.jti });
    const { remaining, lastUsedAt } = await showToken(world.deps, token.jti);
    expect({ remaining, lastUsedAt }).toEqual({ remaining: 0, lastUsedAt: now });
  });

  it.each([
    ['one client', 10_000],
    ['a client for each', 1],
  ])('asks for the use of 10,000 tokens of %s in batches of 100', async (_, perClient) => {
    const world = await newWorld();
    await fill(world, perClient === 1 ? 2_000 : 10_000, perClient);
    const seen = calls(world);
    const listed = await Array.fromAsync(listTokens(world.deps, {}));
    expect(seen.filter((method) => method === 'lastUses')).toHaveLength(listed.length / 100);
  });

  it('reads the use of no more tokens than are asked for', async () => {
    const world = await newWorld();
    await fill(world, 1_000, 1_000);
    const seen = calls(world);
    for await (const view of listTokens(world.deps, {})) {
      expect(view.live).toBe(false);
      break;
    }
    expect(seen.filter((method) => method === 'lastUses')).toHaveLength(1);
  });

  it('calls a token unused only where some use of some token is known', async () => {
    const world = await newWorld();
    const old = await issued(world, { ttl: 90 * DAY });
    world.clock.advance(46 * DAY * 1000);
    const attention = async (): Promise<unknown> =>
      (await Array.fromAsync(listTokens(world.deps, { client: 'partner' }))).map((view) => view.attention);
    expect(await attention()).toEqual([[]]);
    await use(world, await issued(world, { client: 'elsewhere' }));
    expect(await attention()).toEqual([['unused']]);
    expect((await showToken(world.deps, old.jti)).attention).toEqual(['unused']);
  });

  it('looks for uses of other tokens once, and in a sample, where none is known', async () => {
    const world = await newWorld();
    await fill(world, 3_000, 3_000);
    world.clock.set((TEST_SECONDS + 50 * DAY) * 1000);
    const asked: number[] = [];
    const registry = {
      readKeyRing: async () => {
        const ring = (await world.registry.readKeyRing()) ?? expect.fail('no ring');
        const [key = expect.fail('no key')] = ring.keys;
        return { ...ring, keys: [{ ...key, kid: testRecord().kid }] };
      },
      lastUses: (jtis: readonly string[]) => {
        asked.push(jtis.length);
        return world.registry.lastUses(jtis);
      },
    };
    const stub = new Proxy(world.registry, {
      get: (target, name) => {
        const own: unknown = Reflect.get(registry, name);
        if (own !== undefined) return own;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const views = await Array.fromAsync(listTokens({ registry: stub, clock: world.clock }, {}));
    expect(views.filter(({ live }) => live)).toHaveLength(3_000);
    expect(asked).toHaveLength(30 + 10);
  });
});

describe('one token', () => {
  it('is shown with what it replaces and what replaces it, each with its last use', async () => {
    const world = await newWorld();
    const old = await issued(world);
    await use(world, old);
    world.clock.advance(60_000);
    const { record: successor } = await rotated(world, old);
    const first = await showToken(world.deps, old.jti);
    expect(first).toMatchObject({ lastUsedAt: old.iat, successorLive: true, predecessor: undefined });
    expect(first.successor).toMatchObject({ record: { jti: successor.jti }, lastUsedAt: undefined, live: true });
    const second = await showToken(world.deps, successor.jti);
    expect(second.predecessor).toMatchObject({ record: { jti: old.jti }, lastUsedAt: old.iat });
    await revokeToken(world.deps, { jti: successor.jti });
    expect(await showToken(world.deps, old.jti)).toMatchObject({ successorLive: false, attention: ['expiring'] });
  });
});

describe('a listing of clients', () => {
  it('carries contact, live tokens, the newest use of any token, and what needs attention', async () => {
    const world = await newWorld();
    await setClient(world.deps, 'idle', {});
    await setClient(world.deps, 'partner', { contact: 'ops@partner.example' });
    const first = await issued(world, { ttl: 7 * DAY });
    await use(world, first);
    world.clock.advance(60_000);
    await use(world, await issued(world));
    await revokeToken(world.deps, { jti: first.jti });
    await issued(world, { client: 'quiet' });
    const views = await Array.fromAsync(listClients(world.deps));
    expect(
      views.map(({ client, liveTokens, lastUsedAt, attention }) => [client.id, liveTokens, lastUsedAt, attention]),
    ).toEqual([
      ['idle', 0, undefined, []],
      ['partner', 1, first.iat + 60, []],
      ['quiet', 1, undefined, ['no_contact']],
    ]);
    const { tokens, ...details } = await showClient(world.deps, 'partner');
    expect(details).toMatchObject({ lastUsedAt: first.iat + 60, attention: [] });
    expect(tokens).toHaveLength(1);
  });

  it('sums up what its tokens need, each need once', async () => {
    const world = await newWorld();
    await issued(world, { ttl: DAY });
    await issued(world, { ttl: DAY });
    const [view] = await Array.fromAsync(listClients(world.deps));
    expect(view?.attention).toEqual(['expiring', 'no_contact']);
  });

  it('asks for the use of the tokens of many clients at once', async () => {
    const world = await newWorld();
    await fill(world, 1_000, 4);
    const seen = calls(world);
    expect(await Array.fromAsync(listClients(world.deps))).toHaveLength(250);
    expect(seen.filter((method) => method === 'lastUses')).toHaveLength(10);
  });
});

describe('the listed key ring', () => {
  it('says which key is past its date', async () => {
    const world = await newWorld();
    await createKey(world.deps, 'ES256');
    const attention = async (): Promise<unknown> => (await listKeys(world.deps)).map((view) => view.attention);
    expect(await attention()).toEqual([[], []]);
    world.clock.advance(2 * DAY * 1000);
    expect(await attention()).toEqual([[], ['past_date']]);
  });
});

describe('whatever ends tokens', () => {
  it('works while usage cannot be read, which only what is shown beforehand depends on', async () => {
    const world = await newWorld();
    const one = await issued(world);
    await issued(world, { client: 'other' });
    world.meet(({ method }) =>
      method === 'lastUses' ? { kind: 'fail', error: new ThrottledError('too many') } : undefined,
    );
    expect(await planRevoke(world.deps, { jti: one.jti })).toMatchObject({ live: true });
    expect((await openTokensOf(world.deps, 'other')).tokens).toHaveLength(1);
    await expect(describeTokens(world.deps, await recordsOf(world))).rejects.toThrow('too many');
    await revokeToken(world.deps, { jti: one.jti });
    await revokeAllTokens(world.deps, 'other', undefined);
    await revokeClient(world.deps, 'partner');
    expect((await recordsOf(world)).map(({ state }) => state)).toEqual(['revoked']);
  });
});
