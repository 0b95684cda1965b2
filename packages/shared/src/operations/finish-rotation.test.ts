import { describe, expect, it } from 'vitest';
import { verifyChain } from '../domain/events.ts';
import type { TokenRecord } from '../domain/records.ts';
import { sha256Hex } from '../jose/digest.ts';
import { resumeClient, revokeClient, suspendClient } from './clients.ts';
import { findRotation, finishRotation, listRotations, planFinish } from './finish-rotation.ts';
import { issueToken } from './issue.ts';
import { revokeToken } from './revoke.ts';
import { rotateToken } from './rotate.ts';
import { isLive, newWorld, partner, recordsOf, use, type World } from './world.fixture.ts';

const DAY = 86_400;
const code = (expected: string, why = ''): unknown =>
  expect.objectContaining({ code: expected, why: expect.stringContaining(why) });

interface Rotated {
  readonly world: World;
  readonly old: TokenRecord;
  readonly successor: TokenRecord;
}

/** A token with a successor, and a week of grace of which no second has passed. */
async function rotated(world?: World): Promise<Rotated> {
  const its = world ?? (await newWorld());
  const { record } = await issueToken(its.deps, partner, its.sink);
  its.clock.advance(60_000);
  const { record: successor } = await rotateToken(
    its.deps,
    { client: 'partner', jti: record.jti, grace: 7 * DAY, takeOver: false },
    its.sink,
  );
  return { world: its, old: await recordOf(its, record), successor };
}

const recordOf = async ({ registry }: World, { jti, client }: TokenRecord): Promise<TokenRecord> =>
  (await registry.getToken(client, jti)) ?? expect.fail('no record');
const request = ({ jti }: TokenRecord, quietFor = DAY): { jti: string; quietFor: number } => ({ jti, quietFor });

/** The successor was used, and the old one not for a day. */
async function settled(): Promise<Rotated> {
  const all = await rotated();
  await use(all.world, all.old);
  await use(all.world, all.successor);
  all.world.clock.advance(DAY * 1000);
  return all;
}

describe('ending the grace of a rotation early', () => {
  it('ends the old token at once, once it has been quiet and its successor used, and says so in the log', async () => {
    const { world, old, successor } = await settled();
    const { record, alreadyEnded, evidence } = await finishRotation(world.deps, request(old));
    const now = Math.floor(world.clock.now() / 1000);
    // The last moment that surely has passed, whatever the clock of this host: that of the last use or event.
    const passed = now - DAY;
    expect(record).toEqual({ ...old, liveUntil: passed });
    expect(alreadyEnded).toBe(false);
    expect(evidence).toEqual({ oldUsedAt: now - DAY, successorUsedAt: now - DAY });
    expect(await recordOf(world, old)).toEqual(record);
    expect(await isLive(world, record)).toBe(false);
    expect(await isLive(world, await recordOf(world, successor))).toBe(true);
    const events = await Array.fromAsync(world.registry.eventsOf({ kind: 'client', id: 'partner' }));
    expect(events.at(-1)).toMatchObject({
      action: 'token.replaced',
      subject: old.jti,
      detail: {
        before: { liveUntil: old.liveUntil },
        after: { liveUntil: passed },
        reason: expect.stringMatching(/^grace ended early: last used 2027-.*, its successor 2027-.*; quiet for 1d$/),
      },
    });
    const client = (await world.registry.getClient('partner')) ?? expect.fail('no client');
    expect(verifyChain({ kind: 'client', id: 'partner' }, events, client, sha256Hex)).toBeUndefined();
  });

  it('changes nothing where it is planned alone, and nothing for a token that has ended', async () => {
    const { world, old } = await settled();
    expect(await planFinish(world.deps, request(old))).toMatchObject({ alreadyEnded: false });
    expect(await recordOf(world, old)).toEqual(old);
    await finishRotation(world.deps, request(old));
    const ended = await recordOf(world, old);
    world.clock.advance(DAY * 1000);
    expect(await finishRotation(world.deps, request(old))).toMatchObject({ alreadyEnded: true, record: ended });
    await revokeToken(world.deps, { jti: old.jti });
    expect(await finishRotation(world.deps, request(old))).toMatchObject({ alreadyEnded: true });
    expect(await recordOf(world, old)).toMatchObject({ liveUntil: ended.liveUntil, state: 'revoked' });
  });

  it('is done once by two admins at the same time, and both are told that it has ended', async () => {
    const { world, old } = await settled();
    const before = (await world.registry.getClient('partner'))?.version ?? 0;
    const done = await Promise.all([1, 2, 3].map(() => finishRotation(world.deps, request(old))));
    expect(done.filter(({ alreadyEnded }) => alreadyEnded)).toHaveLength(2);
    expect((await world.registry.getClient('partner'))?.version).toBe(before + 1);
  });

  it('is refused until the successor has been used', async () => {
    const { world, old } = await rotated();
    await use(world, old);
    world.clock.advance(2 * DAY * 1000);
    await expect(finishRotation(world.deps, request(old))).rejects.toThrow(
      code('EVIDENCE_MISSING', 'no use of its successor'),
    );
  });

  it('is refused where no use was ever recorded, however long ago the rotation was', async () => {
    const { world, old } = await rotated();
    world.clock.advance(6 * DAY * 1000);
    await expect(finishRotation(world.deps, request(old, 960))).rejects.toThrow(
      code('EVIDENCE_MISSING', 'no use was ever recorded'),
    );
    expect(await recordOf(world, old)).toEqual(old);
  });

  it.each([
    [1, 0, false],
    [3, 0, false],
    [899, 0, false],
    [900, 0, false],
    [959, 0, false],
    [960, 0, true],
    [960, 1, false],
    [1259, 300, false],
    [1260, 300, true],
    [DAY, 3600, true],
  ])('asked for %i s of quiet, with answers reused for %i s, is something that uses can show: %s', async (...its) => {
    const [quietFor, gatewayResultTtl, shown] = its;
    const { world, old } = await settled();
    const asked = { ...request(old, quietFor), gatewayResultTtl };
    for (const attempt of [planFinish, finishRotation]) {
      const outcome = attempt(world.deps, asked);
      if (shown) await outcome;
      else await expect(outcome).rejects.toMatchObject({ code: 'QUIET_TOO_SHORT', kind: 'conflict' });
    }
    expect(await isLive(world, await recordOf(world, old))).toBe(!shown);
  });

  it('is refused until the old one has been quiet for long enough, to the second', async () => {
    const { world, old, successor } = await rotated();
    await use(world, successor);
    world.clock.advance(60_000);
    await use(world, old);
    world.clock.advance(DAY * 1000 - 1000);
    await expect(finishRotation(world.deps, request(old))).rejects.toThrow(code('EVIDENCE_MISSING', 'less than 1d'));
    await expect(planFinish(world.deps, request(old, DAY - 1))).resolves.toMatchObject({ alreadyEnded: false });
    world.clock.advance(1000);
    await expect(finishRotation(world.deps, request(old))).resolves.toMatchObject({ alreadyEnded: false });
  });

  it('counts an old token of which no use is known as quiet since it was replaced', async () => {
    const { world, old, successor } = await rotated();
    world.clock.advance(3600_000);
    await use(world, successor);
    await expect(finishRotation(world.deps, request(old))).rejects.toThrow(code('EVIDENCE_MISSING', 'was replaced at'));
    world.clock.advance((DAY - 3600) * 1000);
    await expect(finishRotation(world.deps, request(old))).resolves.toMatchObject({ alreadyEnded: false });
  });

  it('looks at the use again with each try, so that one between question and answer counts', async () => {
    const { world, old } = await settled();
    await planFinish(world.deps, request(old));
    let disturbed = false;
    world.meet(async ({ method }) => {
      if (method === 'commit' && !disturbed) {
        disturbed = true;
        // Somebody else changes the client, and the old token is used meanwhile.
        await suspendClient({ ...world.deps, registry: world.registry }, 'partner');
        await resumeClient({ ...world.deps, registry: world.registry }, 'partner');
        await use(world, old);
      }
    });
    await expect(finishRotation(world.deps, request(old))).rejects.toThrow(code('EVIDENCE_MISSING', 'less than 1d'));
    expect(await isLive(world, await recordOf(world, old))).toBe(true);
  });

  it('is refused without a successor, with one that is pending, and with one that is not live', async () => {
    const { world, old, successor } = await settled();
    await expect(finishRotation(world.deps, request(successor))).rejects.toThrow(
      expect.objectContaining({ code: 'WRONG_STATE', fix: expect.stringContaining(`--finish ${old.jti}`) }),
    );
    const { record: alone } = await issueToken(world.deps, partner, world.sink);
    await expect(finishRotation(world.deps, request(alone))).rejects.toThrow(code('WRONG_STATE', 'was replaced'));
    world.sink.failDelivery(new Error('full'));
    const rotation = { client: 'partner', jti: alone.jti, grace: DAY, takeOver: false };
    await expect(rotateToken(world.deps, rotation, world.sink)).rejects.toThrow(code('DELIVERY_FAILED'));
    await expect(finishRotation(world.deps, request(alone))).rejects.toThrow(code('WRONG_STATE', 'is pending'));
    await suspendClient(world.deps, 'partner');
    await expect(finishRotation(world.deps, request(old))).rejects.toThrow(code('WRONG_STATE', 'client_suspended'));
    await resumeClient(world.deps, 'partner');
    await revokeToken(world.deps, { jti: successor.jti });
    await expect(finishRotation(world.deps, request(old))).rejects.toThrow(code('WRONG_STATE', '(revoked)'));
    expect(await isLive(world, await recordOf(world, old))).toBe(true);
    await revokeClient(world.deps, 'partner');
    expect(await finishRotation(world.deps, request(old))).toMatchObject({ alreadyEnded: true });
    const unknown = '00000000-0000-4000-8000-000000000000';
    await expect(finishRotation(world.deps, { jti: unknown, quietFor: 1 })).rejects.toThrow(code('TOKEN_NOT_FOUND'));
  });
});

describe('rotations under way', () => {
  it('are listed while the old token lives, with the use of both and whether it can be ended', async () => {
    const { world, old, successor } = await rotated();
    await use(world, old);
    const list = (client?: string): Promise<unknown> => Array.fromAsync(listRotations(world.deps, client));
    expect(await list()).toEqual([
      expect.objectContaining({
        old: expect.objectContaining({ record: old, lastUsedAt: successor.iat }),
        successor: expect.objectContaining({ record: successor, lastUsedAt: undefined }),
        graceUntil: successor.iat + 7 * DAY,
        finishable: false,
      }),
    ]);
    world.clock.advance(DAY * 1000);
    await use(world, successor);
    expect(await list('partner')).toEqual([expect.objectContaining({ finishable: true })]);
    await expect(list('unknown')).rejects.toThrow(code('CLIENT_NOT_FOUND'));
    world.clock.advance(7 * DAY * 1000);
    expect(await list('partner')).toEqual([]);
    // By name it is still found, over as it is.
    expect(await findRotation(world.deps, old.jti)).toMatchObject({ old: { live: false }, finishable: false });
  });

  it('include one whose new token waits to be activated, and leave out one whose new token was revoked', async () => {
    const { world, successor } = await rotated();
    await revokeToken(world.deps, { jti: successor.jti });
    expect(await Array.fromAsync(listRotations(world.deps, 'partner'))).toEqual([]);
    const { record: other } = await issueToken(world.deps, partner, world.sink);
    world.sink.failDelivery(new Error('full'));
    const rotation = { client: 'partner', jti: other.jti, grace: DAY, takeOver: false };
    await expect(rotateToken(world.deps, rotation, world.sink)).rejects.toThrow(code('DELIVERY_FAILED'));
    expect(await Array.fromAsync(listRotations(world.deps))).toMatchObject([
      { old: { record: { jti: other.jti } }, successor: { record: { state: 'pending' } }, finishable: false },
    ]);
    expect(await recordsOf(world)).toHaveLength(4);
  });

  it('are found by the old token and by the new one; in a chain, a token is the old one first', async () => {
    const { world, old, successor } = await rotated();
    const rotation = { client: 'partner', jti: successor.jti, grace: DAY, takeOver: false };
    expect(await findRotation(world.deps, successor.jti)).toMatchObject({ old: { record: { jti: old.jti } } });
    await rotateToken(world.deps, rotation, world.sink);
    expect(await findRotation(world.deps, successor.jti.slice(0, 8), 'partner')).toMatchObject({
      old: { record: { jti: successor.jti } },
    });
    const { record: alone } = await issueToken(world.deps, partner, world.sink);
    expect(await findRotation(world.deps, alone.jti)).toBeUndefined();
  });
});
