import { describe, expect, it } from 'vitest';
import { resumeClient, revokeClient, setClient, suspendClient } from './clients.ts';
import { createKey, revokeKey } from './keys.ts';
import { activateToken } from './activate.ts';
import { issueToken } from './issue.ts';
import { revokeToken } from './revoke.ts';
import { findRotatable, listRotatable } from './rotatable.ts';
import { planRotate, rotateToken, type RotateRequest } from './rotate.ts';
import type { TokenRecord } from '../domain/records.ts';
import type { TokenSink } from '../ports/token-sink.ts';
import { claimsOf, isLive, newWorld, partner, recordsOf, signsToken, type World } from './world.fixture.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const WEEK = 7 * 86_400;

async function issued(world: World, part: object = {}): Promise<TokenRecord> {
  return (await issueToken(world.deps, { ...partner, ...part }, world.sink)).record;
}

const rotation = (old: TokenRecord, part: Partial<RotateRequest> = {}): RotateRequest => ({
  client: old.client,
  jti: old.jti,
  grace: WEEK,
  takeOver: false,
  ...part,
});

const recordOf = async (world: World, { jti, client }: TokenRecord): Promise<TokenRecord> =>
  (await world.registry.getToken(client, jti)) ?? expect.fail('no record');

describe('rotating a token', () => {
  it('delivers a successor of the same scopes, audience and lifetime, and ends the old one after the grace', async () => {
    const world = await newWorld();
    const old = await issued(world, {
      scopes: ['a', 'b'],
      audience: ['https://x', 'https://y'],
      ttl: 30 * 86_400,
      note: 'CI',
    });
    world.clock.advance(1000_000);
    const { record } = await rotateToken(world.deps, rotation(old), world.sink);
    expect(record).toMatchObject({
      state: 'active',
      scopes: ['a', 'b'],
      aud: ['https://x', 'https://y'],
      note: 'CI',
      replaces: old.jti,
      iat: old.iat + 1000,
      exp: old.iat + 1000 + 30 * 86_400,
    });
    expect(claimsOf(world.sink.tokens[1] ?? '')).toMatchObject({ jti: record.jti, scope: 'a b' });
    const after = await recordOf(world, old);
    expect(after).toMatchObject({ state: 'active', replacedBy: record.jti, liveUntil: old.iat + 1000 + WEEK });
    expect(await isLive(world, after)).toBe(true);
    world.clock.advance(WEEK * 1000);
    expect(await isLive(world, after)).toBe(false);
    expect(await isLive(world, record)).toBe(true);
  });

  it('never lengthens a life, and with no grace ends the old token at once', async () => {
    const world = await newWorld();
    const short = await issued(world, { ttl: 3600 });
    await rotateToken(world.deps, rotation(short), world.sink);
    expect((await recordOf(world, short)).liveUntil).toBe(short.exp);
    const other = await issued(world);
    await rotateToken(world.deps, rotation(other, { grace: 0, ttl: 60 }), world.sink);
    expect(await isLive(world, await recordOf(world, other))).toBe(false);
  });

  it('takes only what the client may use now, and refuses what it may not', async () => {
    const world = await newWorld();
    const old = await issued(world, { scopes: ['a', 'b'] });
    await setClient(world.deps, 'partner', { scopes: ['a'], maxTtl: 7200 });
    await expect(rotateToken(world.deps, rotation(old, { scopes: ['b'] }), world.sink)).rejects.toThrow(
      code('SCOPE_NOT_ALLOWED'),
    );
    await expect(rotateToken(world.deps, rotation(old, { ttl: 7201 }), world.sink)).rejects.toThrow(code('OVER_CAP'));
    expect(await planRotate(world.deps, rotation(old))).toMatchObject({ lostScopes: ['b'] });
    expect(await planRotate(world.deps, rotation(old, { scopes: ['a'] }))).toMatchObject({ lostScopes: [] });
    const { record, lostScopes } = await rotateToken(world.deps, rotation(old), world.sink);
    expect(record).toMatchObject({ scopes: ['a'], exp: record.iat + 7200 });
    expect(lostScopes).toEqual(['b']);
  });

  it('is refused for tokens that are not live: revoked, pending, expired, foreign, of a stopped client, of a dead key', async () => {
    const world = await newWorld();
    const refuse = async (old: TokenRecord, expected = 'WRONG_STATE'): Promise<void> => {
      const delivered = world.sink.tokens.length;
      await expect(rotateToken(world.deps, rotation(old), world.sink)).rejects.toThrow(code(expected));
      expect(world.sink.tokens).toHaveLength(delivered);
    };
    const revoked = await issued(world);
    await revokeToken(world.deps, { jti: revoked.jti });
    await refuse(revoked);
    const short = await issued(world, { ttl: 60 });
    const stopped = await issued(world, { client: 'stopped' });
    const ended = await issued(world, { client: 'ended' });
    const keyless = await issued(world, { client: 'keyless' });
    world.sink.failDelivery(new Error('full'));
    await expect(issueToken(world.deps, { ...partner, client: 'stuck' }, world.sink)).rejects.toThrow(
      code('DELIVERY_FAILED'),
    );
    world.sink.failDelivery();
    const [pending = expect.fail()] = await recordsOf(world, 'stuck');
    await refuse(pending);
    world.clock.advance(60_000);
    await refuse(short);
    await refuse({ ...short, jti: '00000000-0000-4000-8000-000000000000' }, 'TOKEN_NOT_FOUND');
    await refuse({ ...short, client: 'ended' }, 'TOKEN_NOT_FOUND');
    await suspendClient(world.deps, 'stopped');
    await refuse(stopped);
    await revokeClient(world.deps, 'ended');
    await refuse(ended);
    const key = await createKey(world.deps, 'ES256');
    world.clock.advance(600_000);
    const { activateKey } = await import('./keys.ts');
    await activateKey(world.deps, key.key.kid, { now: false });
    await revokeKey(world.deps, keyless.kid);
    await refuse(keyless);
  });

  it('is refused while the successor lives, and possible again once that was revoked', async () => {
    const world = await newWorld();
    const old = await issued(world);
    const { record } = await rotateToken(world.deps, rotation(old), world.sink);
    await expect(rotateToken(world.deps, rotation(old), world.sink)).rejects.toThrow(code('WRONG_STATE'));
    await revokeToken(world.deps, { jti: record.jti });
    const { record: third } = await rotateToken(world.deps, rotation(old), world.sink);
    expect((await recordOf(world, old)).replacedBy).toBe(third.jti);
  });

  it('that was cut short is finished by activating, or taken over, and until then costs the old token nothing', async () => {
    const world = await newWorld();
    const old = await issued(world);
    let lost = '';
    const dying: TokenSink = {
      check: async () => {},
      deliver: async (token) => {
        lost = token;
        throw new Error('killed');
      },
    };
    await expect(rotateToken(world.deps, rotation(old, { grace: 60 }), dying)).rejects.toThrow(code('DELIVERY_FAILED'));
    expect(await recordOf(world, old)).toMatchObject({ liveUntil: old.exp, replacedBy: claimsOf(lost).jti });
    const signed = world.sink.tokens.length;
    await expect(rotateToken(world.deps, rotation(old), world.sink)).rejects.toThrow(code('WRONG_STATE'));
    expect(world.sink.tokens).toHaveLength(signed);
    const { record } = await rotateToken(world.deps, rotation(old, { takeOver: true }), world.sink);
    expect((await recordOf(world, old)).replacedBy).toBe(record.jti);
    await expect(activateToken(world.deps, { jti: claimsOf(lost).jti, token: lost })).rejects.toThrow(
      code('WRONG_STATE'),
    );

    const second = await issued(world, { client: 'second' });
    await expect(rotateToken(world.deps, rotation(second, { grace: 60 }), dying)).rejects.toThrow(
      code('DELIVERY_FAILED'),
    );
    await activateToken(world.deps, { jti: claimsOf(lost).jti, token: lost });
    expect((await recordOf(world, second)).liveUntil).toBe(world.clock.now() / 1000 + 60);
  });

  it('completes although the old token expired meanwhile, but not if its client was stopped or it was revoked', async () => {
    const attempt = async (meanwhile: (world: World, old: TokenRecord) => Promise<unknown>): Promise<unknown> => {
      const world = await newWorld();
      const old = await issued(world, { ttl: 3600 });
      const sink: TokenSink = { check: async () => {}, deliver: async () => void (await meanwhile(world, old)) };
      const [result] = await Promise.allSettled([rotateToken(world.deps, rotation(old, { ttl: 9000 }), sink)]);
      return result.status === 'fulfilled' ? 'done' : result.reason.code;
    };
    expect(await attempt(async (world) => world.clock.advance(3_600_000))).toBe('done');
    expect(await attempt((world, old) => revokeToken(world.deps, { jti: old.jti }))).toBe('WRONG_STATE');
    expect(await attempt((world) => suspendClient(world.deps, 'partner'))).toBe('CLIENT_SUSPENDED');
    expect(await attempt((world) => revokeClient(world.deps, 'partner'))).toBe('CLIENT_CHANGED');
  });

  it('run by 50 at once has one winner, and the others sign nothing', async () => {
    const world = await newWorld();
    const old = await issued(world);
    let signatures = 0;
    world.meet((call) => {
      if (signsToken(call)) signatures += 1;
    });
    const deps = { ...world.deps, delay: { wait: () => new Promise<void>((resolve) => setImmediate(resolve)) } };
    const runs = await Promise.allSettled(
      Array.from({ length: 50 }, () => rotateToken(deps, rotation(old), world.sink)),
    );
    expect(runs.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const run of runs) if (run.status === 'rejected') expect(run.reason.kind).toBe('conflict');
    expect(signatures).toBe(1);
    expect(await recordsOf(world)).toHaveLength(2);
  });

  it('resumes by its request id, and is done once', async () => {
    const world = await newWorld();
    const old = await issued(world);
    const request = rotation(old, { requestId: 'CHG-9' });
    world.sink.failDelivery(new Error('full'));
    await expect(rotateToken(world.deps, request, world.sink)).rejects.toThrow(code('DELIVERY_FAILED'));
    world.sink.failDelivery();
    expect(await rotateToken(world.deps, request, world.sink)).toMatchObject({ resumes: true });
    await expect(rotateToken(world.deps, request, world.sink)).rejects.toThrow(code('ALREADY_ISSUED'));
    await expect(rotateToken(world.deps, { ...request, grace: 1 }, world.sink)).rejects.toThrow(
      code('REQUEST_MISMATCH'),
    );
    expect(await recordsOf(world)).toHaveLength(2);
  });

  it('is planned without a trace', async () => {
    const world = await newWorld();
    const old = await issued(world);
    expect(await planRotate(world.deps, rotation(old))).toMatchObject({
      record: { replaces: old.jti, state: 'pending' },
    });
    expect(await recordsOf(world)).toEqual([old]);
  });
});

describe('the one token of a client', () => {
  it('is the live one without an active successor; with none or several the error lists them', async () => {
    const world = await newWorld();
    await expect(findRotatable(world.deps, 'partner')).rejects.toThrow(code('CLIENT_NOT_FOUND'));
    const old = await issued(world);
    expect(await findRotatable(world.deps, 'partner')).toEqual(old);
    const { record } = await rotateToken(world.deps, rotation(old), world.sink);
    expect((await findRotatable(world.deps, 'partner')).jti).toBe(record.jti);
    const third = await issued(world);
    await expect(findRotatable(world.deps, 'partner')).rejects.toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS', why: expect.stringContaining(third.jti) }),
    );
    await revokeClient(world.deps, 'partner');
    await expect(findRotatable(world.deps, 'partner')).rejects.toThrow(code('AMBIGUOUS'));
    await suspendClient(world.deps, 'partner');
    await expect(findRotatable(world.deps, 'partner')).rejects.toThrow(code('CLIENT_SUSPENDED'));
  });

  it('is, for a request id that was used, the token of that request: a rerun of a finished one is told so', async () => {
    const world = await newWorld();
    const old = await issued(world);
    const run = async (): Promise<TokenRecord> => {
      const { jti } = await findRotatable(world.deps, 'partner', 'CHG-9');
      return (await rotateToken(world.deps, rotation(old, { jti, requestId: 'CHG-9' }), world.sink)).record;
    };
    world.sink.failDelivery(new Error('full'));
    await expect(run()).rejects.toThrow(code('DELIVERY_FAILED'));
    world.sink.failDelivery();
    expect((await run()).replaces).toBe(old.jti);
    await expect(run()).rejects.toThrow(code('ALREADY_ISSUED'));
    await issued(world);
    await expect(run()).rejects.toThrow(code('ALREADY_ISSUED'));
  });
});

describe('the tokens that can be rotated', () => {
  it('are live, have no active successor, and end within the time asked for, of one client or of all', async () => {
    const world = await newWorld();
    const soon = await issued(world, { ttl: 3_600 });
    const later = await issued(world, { ttl: 7_200 });
    const other = await issued(world, { client: 'other', ttl: 3_600 });
    const listed = async (filter: object = {}): Promise<string[]> =>
      (await Array.fromAsync(listRotatable(world.deps, filter))).map(({ jti }) => jti).toSorted();
    const jtis = (...records: readonly TokenRecord[]): string[] => records.map(({ jti }) => jti).toSorted();
    expect(await listed()).toEqual(jtis(soon, later, other));
    expect(await listed({ expiringWithin: 3_600 })).toEqual(jtis(soon, other));
    expect(await listed({ client: 'partner', expiringWithin: 3_599 })).toEqual([]);
    await expect(listed({ client: 'nobody' })).rejects.toThrow(code('CLIENT_NOT_FOUND'));
    await suspendClient(world.deps, 'other');
    const { record } = await rotateToken(world.deps, rotation(later), world.sink);
    expect(await listed()).toEqual(jtis(soon, record));
    await resumeClient(world.deps, 'other');
    await revokeToken(world.deps, { jti: record.jti });
    expect(await listed()).toEqual(jtis(soon, later, other));
  });

  it('tell, once rotated, when the old one ends', async () => {
    const world = await newWorld();
    const old = await issued(world);
    const { replaced, record } = await rotateToken(world.deps, rotation(old, { grace: 60 }), world.sink);
    expect(replaced).toMatchObject({ jti: old.jti, replacedBy: record.jti, liveUntil: record.iat + 60 });
    expect((await issueToken(world.deps, partner, world.sink)).replaced).toBeUndefined();
  });
});

describe('rotating a token of which no grant proves what it was given', () => {
  const SAID = { scopes: ['b'], audience: ['https://said.example'], ttl: 60 };

  /** Its record has lost the way to the event that prepared it, and says more than that. */
  async function unproven(world: World): Promise<{ readonly deps: World['deps']; readonly old: TokenRecord }> {
    const old = await issued(world, { scopes: ['a'], note: 'honest' });
    const registry = new Proxy(world.deps.registry, {
      get: (target, name) => {
        if (name === 'getToken') {
          return async (client: string, jti: string) => {
            const stored = await target.getToken(client, jti);
            if (stored === undefined || jti !== old.jti) return stored;
            const { grantSeq: _, ...record } = stored;
            return { ...record, scopes: ['evil'], note: 'evil' };
          };
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return { deps: { ...world.deps, registry }, old };
  }

  it('takes client, scopes, audience and lifetime from the command, and nothing from its record', async () => {
    const world = await newWorld();
    const { deps, old } = await unproven(world);
    const { record } = await rotateToken(deps, rotation(old, { ...SAID, clientNamed: true }), world.sink);
    expect(record).toMatchObject({ client: 'partner', scopes: ['b'], aud: SAID.audience, exp: record.iat + 60 });
    expect(record).not.toHaveProperty('note');
  });

  it.each<[string, Partial<RotateRequest>]>([
    ['nothing', {}],
    ['all but the client', SAID],
    ['all but the scopes', { audience: SAID.audience, ttl: 60, clientNamed: true }],
    ['all but the audience', { scopes: SAID.scopes, ttl: 60, clientNamed: true }],
    ['all but the lifetime', { scopes: SAID.scopes, audience: SAID.audience, clientNamed: true }],
  ])('is refused where the command says %s', async (_, part) => {
    const world = await newWorld();
    const { deps, old } = await unproven(world);
    const before = await recordsOf(world);
    await expect(rotateToken(deps, rotation(old, part), world.sink)).rejects.toThrow(code('GRANT_NOT_VERIFIED'));
    expect(await recordsOf(world)).toEqual(before);
    expect(world.sink.tokens).toHaveLength(1);
  });
});
