import { describe, expect, it } from 'vitest';
import { revokeClient, suspendClient } from '../domain/transitions/clients.ts';
import { UnavailableError } from '../ports/errors.ts';
import { activateToken } from './activate.ts';
import { changeContext } from './context.ts';
import { issueToken } from './issue.ts';
import { listTokens, showToken, type ListFilter } from './list.ts';
import { findTokenRecord } from './lookup.ts';
import { planRevoke, revokeToken } from './revoke.ts';
import type { TokenSink } from '../ports/token-sink.ts';
import { claimsOf, newWorld, partner, recordsOf, type World } from './world.fixture.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const UNKNOWN = '00000000-0000-4000-8000-000000000000';

/** A token that was delivered, and whose process died before it could activate it. */
async function delivered(world: World, part: object = {}): Promise<{ readonly token: string; readonly jti: string }> {
  let token = '';
  const dying: TokenSink = {
    check: async () => {},
    deliver: async (value) => {
      token = value;
      throw new Error('killed');
    },
  };
  await expect(issueToken(world.deps, { ...partner, ...part }, dying)).rejects.toThrow(code('DELIVERY_FAILED'));
  return { token, jti: claimsOf(token).jti };
}

describe('activating a delivered token', () => {
  it('makes it live, once, and is content to find it active', async () => {
    const world = await newWorld();
    const { token, jti } = await delivered(world);
    const first = await activateToken(world.deps, { jti, token });
    expect(first).toMatchObject({ alreadyActive: false, record: { jti, state: 'active' } });
    expect(await activateToken(world.deps, { jti: jti.slice(0, 8), client: 'partner', token })).toEqual({
      ...first,
      alreadyActive: true,
    });
  });

  it('wants the very token: its signature, its id, its payload', async () => {
    const world = await newWorld();
    const { token, jti } = await delivered(world);
    const other = await delivered(world);
    const [header, payload, signature = ''] = token.split('.');
    const flipped = `${signature.slice(0, 9)}${signature[9] === 'A' ? 'B' : 'A'}${signature.slice(10)}`;
    for (const wrong of ['', 'x', other.token, `${header}.${payload}.${flipped}`, `${token}.x`]) {
      await expect(activateToken(world.deps, { jti, token: wrong })).rejects.toThrow(code('INVALID_INPUT'));
    }
    await expect(activateToken(world.deps, { jti: UNKNOWN, token })).rejects.toThrow(code('TOKEN_NOT_FOUND'));
    expect((await recordsOf(world)).map(({ state }) => state)).toEqual(['pending', 'pending']);
  });

  it('is refused for a token that a rerun of its request replaced, one that was revoked, and one of a suspended client', async () => {
    const world = await newWorld();
    const requestId = 'CHG-1';
    const early = await delivered(world, { requestId });
    const late = await delivered(world, { requestId });
    expect(late.jti).toBe(early.jti);
    await expect(activateToken(world.deps, early)).rejects.toThrow(code('SUPERSEDED'));
    const client = (await world.registry.getClient('partner')) ?? expect.fail();
    await world.registry.commit(suspendClient(client, changeContext(world.deps)) ?? expect.fail());
    await expect(activateToken(world.deps, late)).rejects.toThrow(code('CLIENT_SUSPENDED'));
    await revokeToken(world.deps, { jti: late.jti });
    await expect(activateToken(world.deps, late)).rejects.toThrow(code('WRONG_STATE'));
  });
});

describe('revoking a token', () => {
  it('records when, by whom and why, and a second time changes nothing', async () => {
    const world = await newWorld();
    const { record } = await issueToken(world.deps, partner, world.sink);
    world.clock.advance(10_000);
    const first = await revokeToken(world.deps, { jti: record.jti, reason: 'partner left' });
    expect(first).toEqual({ jti: record.jti, client: 'partner', revokedAt: record.iat + 10, alreadyRevoked: false });
    world.clock.advance(10_000);
    const version = (await world.registry.getClient('partner'))?.version;
    expect(await revokeToken(world.deps, { jti: record.jti, reason: 'again' })).toEqual({
      ...first,
      alreadyRevoked: true,
    });
    expect((await world.registry.getClient('partner'))?.version).toBe(version);
    const [revoked] = await recordsOf(world);
    expect(revoked).toMatchObject({ state: 'revoked', reason: 'partner left', revokedBy: 'admin@host' });
  });

  it('works on a pending token, and wins over an activation that comes later', async () => {
    const world = await newWorld();
    const { token, jti } = await delivered(world);
    await revokeToken(world.deps, { jti });
    await expect(activateToken(world.deps, { jti, token })).rejects.toThrow(code('WRONG_STATE'));
  });

  it('keeps trying for a minute while others change the same client, and finds its lost answer', async () => {
    const world = await newWorld();
    const { record } = await issueToken(world.deps, partner, world.sink);
    let commits = 0;
    world.meet(async (call) => {
      if (call.method !== 'commit') return undefined;
      commits += 1;
      if (commits === 30) return { kind: 'lose' };
      if (commits > 30) return undefined;
      const client = (await world.registry.getClient('partner')) ?? expect.fail();
      await world.registry.commit(revokeClient(client, changeContext(world.deps)));
      return undefined;
    });
    expect(await revokeToken(world.deps, { jti: record.jti })).toMatchObject({ alreadyRevoked: false });
    expect(commits).toBe(30);
    const events = await Array.fromAsync(world.registry.eventsOf({ kind: 'client', id: 'partner' }));
    expect(events.filter(({ action }) => action === 'token.revoked')).toHaveLength(1);
  });

  it('that cannot be done within a minute fails, and says so', async () => {
    const world = await newWorld();
    const { record } = await issueToken(world.deps, partner, world.sink);
    const start = world.clock.now();
    world.meet(async (call) => {
      if (call.method !== 'commit') return;
      const client = (await world.registry.getClient('partner')) ?? expect.fail();
      await world.registry.commit(revokeClient(client, changeContext(world.deps)));
    });
    await expect(revokeToken(world.deps, { jti: record.jti })).rejects.toThrow(code('LOST_RACE'));
    expect(world.clock.now() - start).toBeGreaterThanOrEqual(60_000);
    world.meet(() => ({ kind: 'fail', error: new UnavailableError('cut off') }));
    await expect(revokeToken(world.deps, { jti: record.jti })).rejects.toThrow(code('UNAVAILABLE'));
  });

  it('is planned without a trace', async () => {
    const world = await newWorld();
    const { record } = await issueToken(world.deps, partner, world.sink);
    expect(await planRevoke(world.deps, { jti: record.jti })).toMatchObject({ live: true, record });
    await expect(planRevoke(world.deps, { jti: UNKNOWN })).rejects.toThrow(code('TOKEN_NOT_FOUND'));
    await expect(planRevoke(world.deps, { jti: 'nonsense' })).rejects.toThrow(code('INVALID_JTI'));
  });
});

describe('finding a token', () => {
  it('takes a whole id, and a prefix that only one of the client, or of all, fits', async () => {
    const world = await newWorld();
    for (let n = 0; n < 40; n += 1) await issueToken(world.deps, partner, world.sink);
    const [record = expect.fail()] = await recordsOf(world);
    expect(await findTokenRecord(world.registry, record.jti.toUpperCase())).toEqual(record);
    expect(await findTokenRecord(world.registry, record.jti.slice(0, 8), 'partner')).toEqual(record);
    expect(await findTokenRecord(world.registry, record.jti.slice(0, 8).toUpperCase())).toEqual(record);
    await expect(findTokenRecord(world.registry, record.jti.slice(0, 8), 'other')).rejects.toThrow(
      code('TOKEN_NOT_FOUND'),
    );
    await expect(findTokenRecord(world.registry, 'abcdef-')).rejects.toThrow(code('TOKEN_NOT_FOUND'));
    await expect(findTokenRecord(world.registry, record.jti.slice(0, 5), 'partner')).rejects.toThrow(
      code('INVALID_JTI'),
    );
    await expect(findTokenRecord(world.registry, record.jti, 'other')).rejects.toThrow(code('TOKEN_NOT_FOUND'));
    const fixed = { ...world.deps, entropy: { ...world.deps.entropy, uuid: sequence() } };
    await issueToken(fixed, partner, world.sink);
    await issueToken(fixed, partner, world.sink);
    await expect(findTokenRecord(world.registry, 'ffffffff', 'partner')).rejects.toThrow(
      expect.objectContaining({
        code: 'AMBIGUOUS',
        why: expect.stringContaining('ffffffff-0000-4000-8000-000000000002'),
      }),
    );
    await expect(findTokenRecord(world.registry, 'ffffffff')).rejects.toThrow(
      expect.objectContaining({
        code: 'AMBIGUOUS',
        why: expect.stringContaining('ffffffff-0000-4000-8000-000000000002 of partner'),
      }),
    );
  });
});

const sequence = (): (() => string) => {
  let n = 0;
  return () => {
    n += 1;
    return `ffffffff-0000-4000-8000-00000000000${n}`;
  };
};

describe('listing tokens', () => {
  const list = async (world: World, filter: ListFilter): Promise<string[]> => {
    const views = await Array.fromAsync(listTokens(world.deps, filter));
    return views.map(({ record, reason }) => `${record.client} ${record.note} ${reason ?? 'live'}`);
  };

  it('shows by client and time what may still be live, and with `all` what is over', async () => {
    const world = await newWorld();
    const issue = async (client: string, note: string, ttl: number): Promise<string> => {
      world.clock.advance(1000);
      return (await issueToken(world.deps, { ...partner, client, note, ttl }, world.sink)).record.jti;
    };
    await issue('beta', 'late', 86_400);
    await issue('acme', 'short', 60);
    const gone = await issue('acme', 'gone', 86_400);
    await issue('acme', 'long', 30 * 86_400);
    world.clock.advance(1000);
    await delivered(world, { client: 'acme', note: 'stuck', ttl: 3600 });
    await revokeToken(world.deps, { jti: gone });
    world.clock.advance(60_000);
    expect(await list(world, {})).toEqual(['acme long live', 'acme stuck not_activated', 'beta late live']);
    expect(await list(world, { all: true, client: 'acme' })).toEqual([
      'acme short expired',
      'acme gone revoked',
      'acme long live',
      'acme stuck not_activated',
    ]);
    expect(await list(world, { state: 'revoked' })).toEqual(['acme gone revoked']);
    expect(await list(world, { state: 'pending' })).toEqual(['acme stuck not_activated']);
    expect(await list(world, { expiringWithin: 86_400 })).toEqual(['beta late live']);
    expect(await list(world, { client: 'nobody' })).toEqual([]);
  });

  it('shows one with its client, key and events', async () => {
    const world = await newWorld();
    const { record } = await issueToken(world.deps, partner, world.sink);
    await issueToken(world.deps, partner, world.sink);
    const details = await showToken(world.deps, record.jti);
    expect(details).toMatchObject({
      live: true,
      over: false,
      record,
      client: { id: 'partner' },
      key: { kid: record.kid },
    });
    expect(details.events.map(({ action }) => action)).toEqual(['token.prepared', 'token.activated']);
  });
});
