import { describe, expect, it } from 'vitest';
import { RefusedError } from '../domain/errors.ts';
import type { TokenRecord } from '../domain/records.ts';
import { AccessDeniedError, UnavailableError } from '../ports/errors.ts';
import { memoryStore, type MemoryStore } from '../testing/staged-sink.ts';
import { issueToken } from './issue.ts';
import { PROMOTION_SECONDS } from './promote.ts';
import { revokeToken } from './revoke.ts';
import { rotateToken, type RotateRequest } from './rotate.ts';
import { isLive, newWorld, partner, recordsOf, type World } from './world.fixture.ts';

const WEEK = 7 * 86_400;
const REQUEST = 'CHG-1';

async function issued(world: World, store: MemoryStore): Promise<TokenRecord> {
  return (await issueToken(world.deps, partner, store)).record;
}

const rotation = (old: TokenRecord, grace: number): RotateRequest => ({
  client: old.client,
  jti: old.jti,
  grace,
  takeOver: false,
  requestId: REQUEST,
});

const current = async (world: World, { jti, client }: TokenRecord): Promise<TokenRecord> =>
  (await world.registry.getToken(client, jti)) ?? expect.fail('no record');

/** Whether what readers get now is accepted now. */
async function isShownLive(world: World, store: MemoryStore): Promise<boolean> {
  const { record } = store.shown ?? expect.fail('nothing is shown');
  return isLive(world, await current(world, record));
}

describe('delivering into a store that others read', () => {
  it('shows a token only once it is live', async () => {
    const world = await newWorld();
    const store = memoryStore();
    let seen: string | undefined;
    const watching = {
      ...store,
      promote: async (record: TokenRecord) => {
        seen = (await current(world, record)).state;
        return store.promote(record);
      },
    };
    const { record, storedVersion, replaced } = await issueToken(world.deps, partner, watching);
    expect(seen).toBe('active');
    expect({ storedVersion, replaced }).toEqual({ storedVersion: `version of ${record.jti}`, replaced: undefined });
    expect(store.waiting).toBe(0);
  });

  it.each([
    ['no grace', 0, 60],
    ['a grace that is shorter than a promotion may take', 30, 60 + 30],
    ['a week of grace', WEEK, WEEK],
  ])('rotates with %s: at every call the token that is shown is live', async (_, grace, left) => {
    const world = await newWorld();
    const store = memoryStore();
    const old = await issued(world, store);
    world.clock.advance(1000_000);
    let looks = 0;
    const look = async (): Promise<void> => {
      looks += 1;
      expect(await isShownLive(world, store)).toBe(true);
    };
    world.meet(look);
    const watched = {
      ...store,
      // A while before the token is shown, and a while after.
      promote: async (record: TokenRecord) => {
        await look();
        world.clock.advance(60_000);
        await look();
        const version = await store.promote(record);
        await look();
        return version;
      },
    };
    const { record, replaced } = await rotateToken(world.deps, rotation(old, grace), watched);
    expect(looks).toBeGreaterThan(8);
    expect(store.shown?.record.jti).toBe(record.jti);
    expect(await isShownLive(world, store)).toBe(true);
    const after = await current(world, old);
    expect(after).toMatchObject({ state: 'active', liveUntil: old.iat + 1000 + left });
    expect(replaced).toEqual(after);
  });

  it('a token that cannot be shown is live, its predecessor lives five minutes on, and a rerun finishes without a signature', async () => {
    const world = await newWorld();
    const store = memoryStore();
    const old = await issued(world, store);
    for (const failure of [
      new UnavailableError('gone', { outcome: 'unknown' }),
      new AccessDeniedError('ACCESS_DENIED', 'no'),
    ]) {
      store.failPromotion(failure);
      await expect(rotateToken(world.deps, rotation(old, 0), store)).rejects.toMatchObject({
        code: 'PROMOTION_FAILED',
        retryable: true,
        why: expect.stringContaining('is live, in the drawer'),
        fix: `run the same command again with --request-id ${REQUEST}`,
        cause: failure,
      });
    }
    expect((await current(world, old)).liveUntil).toBe(old.iat + PROMOTION_SECONDS);
    expect(await isShownLive(world, store)).toBe(true);

    store.failPromotion();
    let signatures = 0;
    world.meet(({ method }) => {
      if (method === 'sign') signatures += 1;
    });
    world.clock.advance(60_000);
    const { record, resumes, storedVersion } = await rotateToken(world.deps, rotation(old, 0), store);
    expect({ signatures, resumes, storedVersion }).toEqual({
      signatures: 0,
      resumes: true,
      storedVersion: `version of ${record.jti}`,
    });
    expect(store.shown?.record.jti).toBe(record.jti);
    expect((await current(world, old)).liveUntil).toBe(old.iat + 60);

    // And once more: it is done.
    expect((await rotateToken(world.deps, rotation(old, 0), store)).record.jti).toBe(record.jti);
    expect(signatures).toBe(0);
    expect(await recordsOf(world)).toHaveLength(2);
  });

  it('says so where the predecessor could not be ended, and a rerun ends it', async () => {
    const world = await newWorld();
    const store = memoryStore();
    const old = await issued(world, store);
    let cut = false;
    world.meet((call) => {
      if (call.method !== 'commit' || !('change' in call) || store.shown?.record.jti === old.jti) return undefined;
      cut = true;
      return { kind: 'fail', error: new UnavailableError('gone') };
    });
    await expect(rotateToken(world.deps, rotation(old, 0), store)).rejects.toMatchObject({
      code: 'PROMOTION_FAILED',
      why: expect.stringContaining(`token ${old.jti} ends by itself within 300 seconds`),
      fix: expect.stringContaining(REQUEST),
    });
    expect(cut).toBe(true);
    world.meet(() => undefined);
    await rotateToken(world.deps, rotation(old, 0), store);
    expect(await isLive(world, await current(world, old))).toBe(false);
  });

  it('what somebody else put there stays, as a conflict that names both', async () => {
    const world = await newWorld();
    const store = memoryStore();
    store.failPromotion(new RefusedError('SECRET_CHANGED', 'somebody else changed it', { why: 'it holds another' }));
    await expect(issueToken(world.deps, { ...partner, requestId: REQUEST }, store)).rejects.toMatchObject({
      code: 'SECRET_CHANGED',
      kind: 'conflict',
      why: expect.stringMatching(/^it holds another; token \S+ is live, in the drawer \S+$/),
    });
  });

  it('a rerun does not bring back a token that was replaced since, or that is over', async () => {
    const world = await newWorld();
    const store = memoryStore();
    const done = { code: 'ALREADY_ISSUED' };
    const first = (await issueToken(world.deps, { ...partner, requestId: 'first' }, store)).record;
    const second = (await rotateToken(world.deps, rotation(first, WEEK), store)).record;
    await expect(issueToken(world.deps, { ...partner, requestId: 'first' }, store)).rejects.toMatchObject(done);
    expect(store.shown?.record.jti).toBe(second.jti);
    world.clock.advance((second.exp - second.iat) * 1000);
    await expect(rotateToken(world.deps, rotation(first, WEEK), store)).rejects.toMatchObject(done);
    const third = (await issueToken(world.deps, { ...partner, requestId: 'third' }, store)).record;
    await revokeToken(world.deps, { jti: third.jti });
    await expect(issueToken(world.deps, { ...partner, requestId: 'third' }, store)).rejects.toMatchObject({
      code: 'WRONG_STATE',
    });
  });

  it('a crash at any call shows nothing that is not live, and a rerun of the request completes', async () => {
    let crashes = 0;
    for (let nth = 1; ; nth += 1) {
      const world = await newWorld();
      const store = memoryStore();
      const old = await issued(world, store);
      let calls = 0;
      // What is no error of a port ends the run where it is, as a kill does.
      world.meet(() => {
        calls += 1;
        return calls === nth ? { kind: 'fail', error: new Error('killed') } : undefined;
      });
      const outcome = await rotateToken(world.deps, rotation(old, 0), store).then(
        () => 'done',
        (error: unknown) => String(error),
      );
      expect(await isShownLive(world, store)).toBe(true);
      if (outcome === 'done') break;
      expect(outcome).toBe('Error: killed');
      crashes += 1;
      world.meet(() => undefined);
      const { record } = await rotateToken(world.deps, rotation(old, 0), store);
      expect(store.shown?.record.jti).toBe(record.jti);
      expect(await isShownLive(world, store)).toBe(true);
      expect(await isLive(world, await current(world, old))).toBe(false);
      expect(store.waiting).toBe(0);
    }
    expect(crashes).toBeGreaterThan(8);
  });
});
