import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../domain/events.ts';
import { parseCompact } from '../jose/compact.ts';
import { sha256Hex } from '../jose/digest.ts';
import { resumeClient, revokeClient, setClient, suspendClient } from './clients.ts';
import { issueToken } from './issue.ts';
import { activateKey, createKey, retireKey, revokeKey } from './keys.ts';
import { revokeToken } from './revoke.ts';
import { rotateToken } from './rotate.ts';
import { claimsOf, isLive, newWorld, partner, recordsOf, type World } from './world.fixture.ts';

const seed = 20_261_122;

type Act = (world: World, jti: string, n: number) => Promise<unknown>;

const rotate =
  (takeOver: boolean): Act =>
  (world, jti, n) =>
    rotateToken(world.deps, { client: 'partner', jti, grace: n % 3 === 0 ? 0 : 3600, takeOver }, world.sink);

const ACTS: Readonly<Record<string, Act>> = {
  issue: (world) => issueToken(world.deps, partner, world.sink),
  resumable: (world, _jti, n) => issueToken(world.deps, { ...partner, requestId: `CHG-${n % 2}` }, world.sink),
  rotate: rotate(false),
  takeOver: rotate(true),
  revoke: (world, jti) => revokeToken(world.deps, { jti }),
  suspend: (world) => suspendClient(world.deps, 'partner'),
  resume: (world) => resumeClient(world.deps, 'partner'),
  revokeClient: (world) => revokeClient(world.deps, 'partner'),
  limit: (world, _jti, n) => setClient(world.deps, 'partner', { maxTtl: 1000 + n }),
  createKey: (world) => createKey(world.deps, 'ES256'),
  activateKey: async (world) => {
    const ring = await world.registry.readKeyRing();
    const kid = ring?.keys.find(({ state }) => state === 'pending')?.kid;
    return kid === undefined ? undefined : activateKey(world.deps, kid, { now: true });
  },
  retireKey: async (world) => {
    const ring = await world.registry.readKeyRing();
    const kid = ring?.keys.find(({ state }) => state === 'retiring')?.kid;
    return kid === undefined ? undefined : retireKey(world.deps, kid);
  },
  revokeKey: async (world, _jti, n) => {
    const ring = await world.registry.readKeyRing();
    return n % 4 === 0 && ring !== undefined ? revokeKey(world.deps, ring.keys.at(-1)?.kid ?? '') : undefined;
  },
};

/** Lets other runs go first, so many times as the plan says. */
async function letOthersRun(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('operations that run at the same time', () => {
  it('leave what DESIGN section 6 promises, however they interleave', async () => {
    const run = fc.record({ act: fc.constantFrom(...Object.keys(ACTS)), n: fc.nat(50) });
    const turns = fc.infiniteStream(fc.nat(4));
    let completed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(run, { minLength: 4, maxLength: 12, size: 'max' }), turns, async (runs, stream) => {
        const world = await newWorld();
        const { record: first } = await issueToken(world.deps, partner, world.sink);
        world.meet(async () => letOthersRun(stream.next().value ?? 0));
        const results = await Promise.allSettled(
          runs.map(({ act, n }) => ACTS[act]?.(world, first.jti, n) ?? expect.fail(act)),
        );
        world.meet(() => undefined);
        for (const result of results) {
          if (result.status === 'fulfilled') completed += 1;
          else expect(['conflict', 'not_found']).toContain(result.reason.kind);
        }

        const records = await recordsOf(world);
        const delivered = new Set(world.sink.tokens.map((token) => sha256Hex(parseCompact(token).payloadBytes)));
        const deliveredIds = new Set(world.sink.tokens.map((token) => claimsOf(token).jti));
        for (const record of records) {
          // No live token that was not delivered, down to its random bits.
          if (record.state === 'active') expect(delivered).toContain(record.payloadSha256);
          // No old token that ended before its successor was delivered.
          if (record.liveUntil < record.exp) expect(deliveredIds).toContain(record.replacedBy);
        }
        // No delivered token that the list does not show.
        const listed = new Set(records.map(({ jti }) => jti));
        for (const jti of deliveredIds) expect(listed).toContain(jti);
        // Every reported revocation holds.
        const revoked = runs.some(({ act }, i) => act === 'revoke' && results[i]?.status === 'fulfilled');
        const now = records.find(({ jti }) => jti === first.jti) ?? expect.fail('the first record is gone');
        if (revoked) expect(await isLive(world, now)).toBe(false);
        // Of the successors of one token at most one is neither pending nor revoked.
        expect(
          records.filter(({ replaces, state }) => replaces === first.jti && state === 'active').length,
        ).toBeLessThan(2);

        const ref = { kind: 'client', id: 'partner' } as const;
        const events = await Array.fromAsync(world.registry.eventsOf(ref));
        const client = (await world.registry.getClient('partner')) ?? expect.fail('no client');
        expect(verifyChain(ref, events, client, sha256Hex)).toBeUndefined();
        const ring = (await world.registry.readKeyRing()) ?? expect.fail('no ring');
        expect(ring.keys.filter(({ state }) => state === 'active').length).toBeLessThan(2);
      }),
      { seed, numRuns: 150 },
    );
    expect(completed).toBeGreaterThan(300);
  });
});
