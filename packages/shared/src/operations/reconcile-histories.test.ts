import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../ports/errors.ts';
import type { SignCall } from '../ports/sign-log.ts';
import { ACTS } from './acts.fixture.ts';
import { activateToken } from './activate.ts';
import { issueToken } from './issue.ts';
import type { Reconciliation } from './reconcile.ts';
import { MINUTE, newLogged, type Logged } from './logged-world.fixture.ts';
import { partner, recordsOf, signsToken } from './world.fixture.ts';

const seed = 20_261_122;
const ADMINS = ['one@host', 'two@host', 'three@host'] as const;
const CLIENTS = ['partner', 'agency'] as const;

interface Step {
  readonly act: string;
  readonly n: number;
  readonly admin: (typeof ADMINS)[number];
  readonly client: (typeof CLIENTS)[number];
  /** Milliseconds since the step before. */
  readonly gap: number;
  /** Where the run is killed; or whose answer is lost. */
  readonly fault: 'none' | 'grant' | 'prepare' | 'sign' | 'deliver' | 'activate';
}

const step = fc.record<Step>({
  act: fc.constantFrom(...Object.keys(ACTS), 'issue', 'resumable', 'byHand', 'byHand'),
  n: fc.nat(50),
  admin: fc.constantFrom(...ADMINS),
  client: fc.constantFrom(...CLIENTS),
  gap: fc.oneof(fc.nat(2_000), fc.nat(30 * MINUTE)),
  fault: fc.constantFrom('none', 'none', 'none', 'grant', 'prepare', 'sign', 'deliver', 'activate'),
});

/** Somebody finishes what somebody else left behind. */
async function byHand(world: Logged, admin: string): Promise<void> {
  for (const { token, record } of world.sink.deliveries.toReversed()) {
    const { state } = (await world.registry.findToken(record.jti)) ?? {};
    if (state === 'pending') return void (await activateToken(world.as(admin), { jti: record.jti, token }));
  }
}

async function take(world: Logged, { act, n, admin, client, gap, fault }: Step): Promise<void> {
  world.clock.advance(gap);
  const delivered = world.sink.tokens.length;
  let lost = false;
  if (fault === 'deliver') world.sink.failDelivery(new UnavailableError('no room'));
  world.meet((call) => {
    const killed = world.sink.tokens.length > delivered ? 'activate' : 'prepare';
    if (call.method === 'commit' && fault === killed) return { kind: 'fail', error: new Error('killed') };
    if (call.method !== 'sign' || fault !== (signsToken(call) ? 'sign' : 'grant') || lost) return undefined;
    lost = true;
    return { kind: 'lose', error: new UnavailableError('no answer', { outcome: 'unknown' }) };
  });
  const jtis = (await recordsOf(world, client)).map(({ jti }) => jti);
  const deps = world.as(admin);
  try {
    if (act === 'byHand') await byHand(world, admin);
    else await ACTS[act]?.({ ...world, deps }, client, jtis[n % jtis.length] ?? '', n);
  } catch {
    // Refused, or killed: what it left behind is what this is about.
  }
  world.meet(() => undefined);
  world.sink.failDelivery();
}

async function history(steps: readonly Step[], skew: number): Promise<Logged> {
  // CloudTrail tells whole seconds, by a clock of its own.
  const world = await newLogged((at) => Math.floor((at + skew) / 1000) * 1000);
  for (const client of CLIENTS) await issueToken(world.as('one@host'), { ...partner, client }, world.sink);
  for (const each of steps) await take(world, each);
  return world;
}

const steps = fc.array(step, { minLength: 5, maxLength: 25, size: 'max' });
const skew = fc.integer({ min: -5_000, max: 5_000 });

describe('reconciling whatever admins did', () => {
  it('raises no alarm', async () => {
    let [matched, abandoned] = [0, 0];
    await fc.assert(
      fc.asyncProperty(steps, skew, async (taken, apart) => {
        const world = await history(taken, apart);
        const result = await world.judge();
        expect(await withoutLostGrants(world, result)).toEqual([]);
        matched += result.matched;
        abandoned += result.abandoned.length;
      }),
      { seed, numRuns: 80 },
    );
    expect(matched).toBeGreaterThan(200);
    expect(abandoned).toBeGreaterThan(100);
  });

  it('finds the one signature that was forged, though it was in the name of an admin', async () => {
    let forgeries = 0;
    await fc.assert(
      fc.asyncProperty(steps, skew, fc.nat(), fc.constantFrom(...ADMINS), async (taken, apart, when, principal) => {
        const world = await history(taken, apart);
        const [first] = world.log;
        const end = world.clock.now();
        const start = first?.at ?? end;
        const at = Math.floor((start + (when % (end - start + 40 * MINUTE))) / 1000) * 1000;
        if (first === undefined || (await isNearAttempt(world, principal, at))) return;
        forgeries += 1;
        const keyArn = world.log[when % world.log.length]?.keyArn ?? first.keyArn;
        const forged: SignCall = { ...first, requestId: 'forged', eventId: 'forged', principal, at, keyArn };
        const result = await world.judge([...world.log, forged], { from: 0, until: end + 60 * MINUTE });
        const findings = await withoutLostGrants(world, result);
        expect(findings).toMatchObject([{ kind: 'unexplained_signature', call: forged }]);
        expect(findings).toHaveLength(1);
      }),
      { seed, numRuns: 80 },
    );
    expect(forgeries).toBeGreaterThan(30);
  });
});

/** A grant whose commit was stopped left a signature and no event: nothing but that may be found in an honest history. */
async function withoutLostGrants(world: Logged, { findings }: Reconciliation): Promise<Reconciliation['findings']> {
  const kept = new Set<string | undefined>();
  for await (const { grantRequestId } of world.registry.eventsByTime(0, Number.MAX_SAFE_INTEGER))
    kept.add(grantRequestId);
  const tokens = new Set(world.tokenCalls());
  const lost = world.log.filter((call) => !tokens.has(call) && !kept.has(call.requestId));
  const ids = new Set(lost.map(({ eventId }) => eventId));
  return findings.filter(({ kind, call }) => kind !== 'unexplained_signature' || !ids.has(call?.eventId ?? ''));
}

/** Whether this admin prepared any record at a time that a signature of then may have been meant for. */
async function isNearAttempt(world: Logged, principal: string, at: number): Promise<boolean> {
  for await (const { actor, action, at: time } of world.registry.eventsByTime(0, Number.MAX_SAFE_INTEGER)) {
    if (actor !== principal || !action.endsWith('prepared')) continue;
    const since = at - Date.parse(time);
    if (since >= -MINUTE && since <= 15 * MINUTE) return true;
  }
  return false;
}
