import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../domain/events.ts';
import { parseCompact } from '../jose/compact.ts';
import { sha256Hex } from '../jose/digest.ts';
import { UnavailableError } from '../ports/errors.ts';
import type { Fault, KeyCall, RegistryCall } from '../testing/faults.ts';
import { ACTS } from './acts.fixture.ts';
import { registrySource } from './audit-source.ts';
import { verifyAudit } from './audit-verify.ts';
import { issueMany } from './bulk-issue.ts';
import { surveyBulk } from './bulk-survey.ts';
import { revokeClient, setClient, suspendClient } from './clients.ts';
import { GrantCheck } from './grant-check.ts';
import { issueToken } from './issue.ts';
import { rotateToken } from './rotate.ts';
import { claimsOf, isLive, newWorld, partner, recordsOf, signsToken, type World } from './world.fixture.ts';

const seed = 20_261_122;

/** Lets other runs go first, so many times as the plan says. */
async function letOthersRun(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Every event that prepares a token has a grant which proves it. */
async function expectGranted({ registry, keys, deps: { environment } }: World): Promise<void> {
  const ref = { kind: 'client', id: 'partner' } as const;
  const check = new GrantCheck({ keys, environment }, ref);
  for await (const event of registry.eventsOf(ref)) expect(await check.next(event)).toEqual([]);
  expect(check.end()).toEqual([]);
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
        await expectGranted(world);
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

type Call = RegistryCall | KeyCall;

/** What prepares tokens, each on a client that has one. */
const PREPARING: Readonly<Record<string, (world: World, jti: string) => Promise<unknown>>> = {
  issue: ({ deps, sink }) => issueToken(deps, partner, sink),
  'issue with a request id': ({ deps, sink }) => issueToken(deps, { ...partner, requestId: 'CHG-1' }, sink),
  rotate: async ({ deps, sink, registry }) => {
    const records = await Array.fromAsync(registry.tokensOfClient('partner'));
    const { jti } = records.find(({ note }) => note === 'untouched') ?? expect.fail();
    await rotateToken(deps, { client: 'partner', jti, grace: 60, takeOver: false }, sink);
  },
  'rotate and take over': ({ deps, sink }, jti) =>
    rotateToken(deps, { client: 'partner', jti, grace: 60, takeOver: true }, sink),
  bulk: async ({ deps, sink }) => {
    const requests = [1, 2].map((n) => ({ ...partner, requestId: `bulk-${n}` }));
    const survey = await surveyBulk(deps, requests);
    const signal = new AbortController().signal;
    await issueMany(deps, requests, sink, { survey, concurrency: 8, rate: undefined, signal, tell: () => {} });
  },
};

/** Two tokens of the client, a request of it that was cut short, and a rotation of one token that was. */
async function begunWorld(): Promise<{ readonly world: World; readonly jti: string }> {
  const world = await newWorld();
  const { record } = await issueToken(world.deps, partner, world.sink);
  await issueToken(world.deps, { ...partner, note: 'untouched' }, world.sink);
  world.sink.failDelivery(new Error('cut'));
  await issueToken(world.deps, { ...partner, requestId: 'CHG-1' }, world.sink).catch(() => {});
  const { jti } = record;
  await rotateToken(world.deps, { client: 'partner', jti, grace: 60, takeOver: false }, world.sink).catch(() => {});
  world.sink.failDelivery();
  return { world, jti };
}

async function callsOf(prepare: (world: World, jti: string) => Promise<unknown>): Promise<Call[]> {
  const { world, jti } = await begunWorld();
  const calls: Call[] = [];
  world.meet((call) => void calls.push(call));
  let done = false;
  void prepare(world, jti).then(() => (done = true));
  await letOthersRun(TURNS);
  expect(done).toBe(true);
  return calls;
}

/** More than any of these operations takes. */
const TURNS = 30;

describe('a run that is killed', () => {
  const FAULTS: Readonly<Record<Fault['kind'], Fault | undefined>> = {
    fail: { kind: 'fail', error: new UnavailableError('killed') },
    lose: { kind: 'lose' },
    hang: { kind: 'hang' },
    delay: undefined,
  };
  const signsGrant = (call: Call): boolean => call.method === 'sign' && !signsToken(call);

  it.each(Object.keys(PREPARING))(
    'in %s, at any call, leaves no token without a grant, and no grant without its commit',
    async (name) => {
      const prepare = PREPARING[name] ?? expect.fail();
      const calls = await callsOf(prepare);
      const firstCommit = calls.findIndex(({ method }) => method === 'commit');
      expect(calls.filter(signsGrant)).toHaveLength(1);
      for (const [index, call] of calls.entries()) {
        for (const fault of Object.values(FAULTS)) {
          if (fault === undefined) continue;
          const { world, jti } = await begunWorld();
          const [before, delivered] = [await eventsIn(world), world.sink.tokens.length];
          let at = -1;
          // Killed: nothing comes after it.
          world.meet(() => {
            at += 1;
            if (at < index) return undefined;
            return at === index ? fault : { kind: 'hang' };
          });
          void prepare(world, jti).catch(() => {});
          await letOthersRun(TURNS);
          world.meet(() => undefined);
          await expectGranted(world);
          const committed = (await eventsIn(world)) > before;
          // Up to the commit there is nothing but a signature that the log of the keys alone knows.
          if (index < firstCommit || (index === firstCommit && fault.kind !== 'lose')) {
            expect({ at: call.method, committed, delivered: world.sink.tokens.length }).toEqual({
              at: call.method,
              committed: false,
              delivered,
            });
          }
          const listed = new Set((await recordsOf(world)).map((record) => record.jti));
          for (const token of world.sink.tokens) expect(listed).toContain(claimsOf(token).jti);
        }
      }
    },
  );
});

async function eventsIn({ registry }: World): Promise<number> {
  return (await Array.fromAsync(registry.eventsOf({ kind: 'client', id: 'partner' }))).length;
}

describe('a client that two admins change while a token of it is rotated', () => {
  const CHANGES: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
    'takes a scope away': ({ deps }) => setClient(deps, 'partner', { scopes: ['a'] }),
    'shortens lives': ({ deps }) => setClient(deps, 'partner', { maxTtl: 60 }),
    'ends its tokens': ({ deps }) => revokeClient(deps, 'partner'),
    'suspends it': ({ deps }) => suspendClient(deps, 'partner'),
    'writes down a contact': ({ deps }) => setClient(deps, 'partner', { contact: 'ops@partner.example' }),
    'issues another token': ({ deps, sink }) => issueToken(deps, { ...partner, scopes: ['a'] }, sink),
  };
  const pairs = Object.keys(CHANGES).flatMap((first) => Object.keys(CHANGES).map((second) => [first, second] as const));

  it.each(pairs)('one %s, the other %s: a successor has what both allow, or there is none', async (first, second) => {
    const count = (await rotationCalls()).length;
    for (let index = 0; index < count; index += 1) {
      const world = await newWorld();
      const { record: old } = await issueToken(world.deps, { ...partner, scopes: ['a', 'b'], ttl: 3_600 }, world.sink);
      const others = { ...world, deps: { ...world.deps, registry: world.registry, keys: world.keys } };
      let at = -1;
      world.meet(async () => {
        at += 1;
        if (at === index) await CHANGES[first]?.(others).catch(() => {});
        if (at === index + 1) await CHANGES[second]?.(others).catch(() => {});
      });
      const request = { client: 'partner', jti: old.jti, grace: 60, takeOver: false };
      const result = await rotateToken(world.deps, request, world.sink).catch((error: unknown) => error);
      world.meet(() => undefined);
      await expectGranted(world);
      const successors = (await recordsOf(world)).filter(({ replaces }) => replaces === old.jti);
      for (const record of successors) {
        expect(['a b', 'a']).toContain(record.scopes.join(' '));
        expect(record.exp - record.iat).toBeLessThanOrEqual(3_600);
      }
      const live = successors.find(({ state }) => state === 'active');
      if (result instanceof Error) {
        expect(result).toMatchObject({ kind: 'conflict' });
        expect(live).toBeUndefined();
      } else {
        expect(live?.scopes).toEqual(expect.arrayContaining(['a']));
      }
    }
  });
});

async function rotationCalls(): Promise<Call[]> {
  const world = await newWorld();
  const { record: old } = await issueToken(world.deps, partner, world.sink);
  const calls: Call[] = [];
  world.meet((call) => void calls.push(call));
  await rotateToken(world.deps, { client: 'partner', jti: old.jti, grace: 60, takeOver: false }, world.sink);
  return calls;
}
