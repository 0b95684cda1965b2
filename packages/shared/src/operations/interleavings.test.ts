import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../domain/events.ts';
import { parseCompact } from '../jose/compact.ts';
import { sha256Hex } from '../jose/digest.ts';
import { ACTS } from './acts.fixture.ts';
import { registrySource } from './audit-source.ts';
import { verifyAudit } from './audit-verify.ts';
import { issueToken } from './issue.ts';
import { claimsOf, isLive, newWorld, partner, recordsOf } from './world.fixture.ts';

const seed = 20_261_122;

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
        const meanwhile = verifyAudit(registrySource(world.deps.registry), { now: world.clock.now() });
        const results = await Promise.allSettled(
          runs.map(({ act, n }) => ACTS[act]?.(world, 'partner', first.jti, n) ?? expect.fail(act)),
        );
        // Whoever checks meanwhile is not alarmed by it.
        expect((await meanwhile).findings).toEqual([]);
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
        // The events alone lead to exactly what is stored.
        const report = await verifyAudit(registrySource(world.registry), { now: world.clock.now() });
        expect(report.findings).toEqual([]);
        const ring = (await world.registry.readKeyRing()) ?? expect.fail('no ring');
        expect(ring.keys.filter(({ state }) => state === 'active').length).toBeLessThan(2);
      }),
      { seed, numRuns: 150 },
    );
    expect(completed).toBeGreaterThan(300);
  });
});
