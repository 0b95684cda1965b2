import { describe, expect, it } from 'vitest';
import { verifyChain } from '../domain/events.ts';
import type { TokenRecord } from '../domain/records.ts';
import { suspendClient, revokeClient } from '../domain/transitions/clients.ts';
import { revokeKey } from '../domain/transitions/keys.ts';
import { sha256Hex } from '../jose/digest.ts';
import { ThrottledError, UnavailableError } from '../ports/errors.ts';
import type { TokenSink } from '../ports/token-sink.ts';
import { faultAt } from '../testing/faults.ts';
import { arraySink } from '../testing/sink.ts';
import { virtualTime } from '../testing/virtual-time.ts';
import { issueMany, type BulkIssueOptions } from './bulk-issue.ts';
import { surveyBulk } from './bulk-survey.ts';
import type { BulkOutcome, BulkRequest } from './bulk-types.ts';
import { setClient } from './clients.ts';
import { changeContext } from './context.ts';
import { issueToken } from './issue.ts';
import { revokeToken } from './revoke.ts';
import type { OperationDeps } from './types.ts';
import { claimsOf, isLive, newWorld, recordsOf, signsToken, type World } from './world.fixture.ts';

const asks = (client: string, requestId: string, more: Partial<BulkRequest> = {}): BulkRequest => ({
  client,
  scopes: [],
  audience: [],
  requestId,
  ...more,
});
/** `count` requests of each of `clients` clients. */
const manyFor = (clients: number, count: number): BulkRequest[] =>
  Array.from({ length: clients * count }, (_, n) => asks(`client-${n % clients}`, `r-${n}`));

interface Run {
  readonly outcomes: readonly (BulkOutcome | undefined)[];
  readonly untried: number;
}

async function issueAll(
  deps: OperationDeps,
  requests: readonly BulkRequest[],
  sink: TokenSink,
  options: Partial<BulkIssueOptions> = {},
): Promise<Run> {
  const outcomes: (BulkOutcome | undefined)[] = requests.map(() => undefined);
  const { untried } = await issueMany(deps, requests, sink, {
    survey: await surveyBulk(deps, requests),
    concurrency: 16,
    rate: undefined,
    signal: new AbortController().signal,
    tell: (index, outcome) => {
      if (outcomes[index] !== undefined) throw new Error(`request ${index} was told of twice`);
      outcomes[index] = outcome;
    },
    ...options,
  });
  return { outcomes, untried };
}

const kinds = ({ outcomes }: Run): (string | undefined)[] =>
  outcomes.map((outcome) => (outcome?.kind === 'failed' ? outcome.error.code : outcome?.kind));

const clientsOf = (requests: readonly BulkRequest[]): string[] => [...new Set(requests.map(({ client }) => client))];

async function allRecords(world: World, requests: readonly BulkRequest[]): Promise<TokenRecord[]> {
  return (await Promise.all(clientsOf(requests).map((client) => recordsOf(world, client)))).flat();
}

/** One live token for each request, held by the last delivery for it, and every event chain intact. */
async function expectOneLiveEach(world: World, requests: readonly BulkRequest[]): Promise<void> {
  const records = await allRecords(world, requests);
  const idsOf = (items: readonly { readonly requestId?: string }[]): Set<string | undefined> =>
    new Set(items.map(({ requestId }) => requestId));
  expect(records).toHaveLength(requests.length);
  expect(idsOf(records)).toEqual(idsOf(requests));
  const delivered = new Map(world.sink.deliveries.map(({ token, record }) => [record.requestId, token]));
  for (const record of records) {
    expect(await isLive(world, record)).toBe(true);
    const [, payload = ''] = (delivered.get(record.requestId) ?? '').split('.');
    expect(sha256Hex(Buffer.from(payload, 'base64url'))).toBe(record.payloadSha256);
  }
  for (const id of clientsOf(requests)) {
    const ref = { kind: 'client', id } as const;
    const client = (await world.registry.getClient(id)) ?? expect.fail('no client');
    const events = await Array.fromAsync(world.registry.eventsOf(ref));
    expect(verifyChain(ref, events, client, sha256Hex)).toBeUndefined();
  }
}

describe('issuing many tokens', () => {
  it('gives every request one live token, tokens of one client in common commits', async () => {
    const world = await newWorld();
    const requests = [...manyFor(3, 1), ...Array.from({ length: 50 }, (_, n) => asks('client-0', `more-${n}`))];
    const run = await issueAll(world.deps, requests, world.sink, { concurrency: 64 });
    expect(new Set(kinds(run))).toEqual(new Set(['issued']));
    expect(run.outcomes.filter((outcome) => outcome?.kind === 'issued' && outcome.registersClient)).toHaveLength(3);
    await expectOneLiveEach(world, requests);
    // 51 tokens in 3 batches of at most 24, each with two commits.
    expect((await world.registry.getClient('client-0'))?.version).toBe(6);
    expect(claimsOf(world.sink.tokens[0] ?? '')).toMatchObject({ client_id: expect.stringMatching(/^client-\d$/) });
  });

  it('signs and delivers nothing when it is run again', async () => {
    const world = await newWorld();
    const requests = manyFor(4, 3);
    await issueAll(world.deps, requests, world.sink);
    world.meet(({ method }) => {
      if (method === 'sign' || method === 'commit') throw new Error(`${method} was called`);
    });
    const again = await issueAll(world.deps, requests, world.sink);
    expect(new Set(kinds(again))).toEqual(new Set(['already']));
    expect(world.sink.tokens).toHaveLength(12);
  });

  it.each([
    ['after the records were made', 'sign'],
    ['after delivery', 'commit'],
  ])('finishes what was stopped %s: the same ids, other payloads, one live token each', async (_, method) => {
    const world = await newWorld();
    const requests = manyFor(2, 4);
    let commits = 0;
    const stopped = new UnavailableError('stopped');
    // The first commits record; activation is what comes then.
    world.meet((call) => {
      if (call.method === 'commit') commits += 1;
      const stops = method === 'sign' ? signsToken(call) : call.method === method && commits > 2;
      return stops ? { kind: 'fail', error: stopped } : undefined;
    });
    const first = await issueAll(world.deps, requests, world.sink);
    expect(kinds(first)).not.toContain('issued');
    const before = await allRecords(world, requests);
    expect(before.map(({ state }) => state)).toEqual(before.map(() => 'pending'));
    world.meet(() => undefined);

    const second = await issueAll(world.deps, requests, world.sink);
    expect(second.outcomes.every((outcome) => outcome?.kind === 'issued' && outcome.resumes)).toBe(true);
    const after = await allRecords(world, requests);
    expect(after.map(({ jti }) => jti)).toEqual(before.map(({ jti }) => jti));
    for (const [n, record] of after.entries()) expect(record.payloadSha256).not.toBe(before[n]?.payloadSha256);
    await expectOneLiveEach(world, requests);
  });

  it('does not let one request that is refused stop the others, not even in the same commit', async () => {
    const world = await newWorld();
    const requests = manyFor(1, 5);
    world.meet((call) => (signsToken(call) ? { kind: 'fail', error: new UnavailableError('stopped') } : undefined));
    await issueAll(world.deps, requests, world.sink);
    world.meet(() => undefined);
    const [pending] = await recordsOf(world, 'client-0');
    await revokeToken(world.deps, { jti: pending?.jti ?? '' });
    const run = await issueAll(world.deps, [...requests, asks('client-0', 'r-0', { ttl: 60 })], world.sink);
    const revoked = requests.findIndex(({ requestId }) => requestId === pending?.requestId);
    expect(kinds(run)).toEqual([
      ...requests.map((_, n) => (n === revoked ? 'WRONG_STATE' : 'issued')),
      'REQUEST_MISMATCH',
    ]);
  });

  it('shares the fate of each client: one that is suspended, one that is revoked while its tokens are signed', async () => {
    const world = await newWorld();
    await setClient(world.deps, 'client-0', {});
    await setClient(world.deps, 'client-1', {});
    const requests = manyFor(3, 2);
    const survey = await surveyBulk(world.deps, requests);
    const change = async (id: string, transition: typeof suspendClient): Promise<void> => {
      const client = (await world.registry.getClient(id)) ?? expect.fail('no client');
      const next = transition(client, changeContext(world.deps));
      if (next !== undefined) await world.registry.commit(next);
    };
    await change('client-0', suspendClient);
    let revoked = false;
    world.meet(async (call) => {
      if (!signsToken(call) || (await recordsOf(world, 'client-1')).length === 0 || revoked) return;
      revoked = true;
      await change('client-1', revokeClient);
    });
    const run = await issueAll(world.deps, requests, world.sink, { survey });
    expect(kinds(run)).toEqual([0, 1, 2, 0, 1, 2].map((n) => (n === 2 ? 'issued' : 'CLIENT_CHANGED')));
    expect((await recordsOf(world, 'client-1')).map(({ state }) => state)).toEqual(['pending', 'pending']);
  });

  it('activates nothing with a key that was revoked meanwhile, and begins nothing more', async () => {
    const world = await newWorld();
    const requests = manyFor(6, 1);
    let revoked = false;
    world.meet(async (call) => {
      if (!signsToken(call) || revoked) return;
      revoked = true;
      const ring = (await world.registry.readKeyRing()) ?? expect.fail('no ring');
      const change = revokeKey(ring, ring.keys[0]?.kid ?? '', changeContext(world.deps));
      await world.registry.commit(change ?? expect.fail('no change'));
    });
    const run = await issueAll(world.deps, requests, world.sink, { concurrency: 2 });
    expect(kinds(run)).toEqual(['NO_ACTIVE_KEY', 'NO_ACTIVE_KEY', undefined, undefined, undefined, undefined]);
    expect(run.untried).toBe(4);
  });

  it('reads anew what somebody else changed meanwhile, and goes on', async () => {
    const world = await newWorld();
    const requests = manyFor(1, 30);
    let interfered = 0;
    world.meet(async (call) => {
      // Before each of the first commits, another token of the same client is issued.
      if (call.method !== 'commit' || interfered >= 3) return;
      interfered += 1;
      const deps = { ...world.deps, registry: world.registry, keys: world.keys };
      await issueToken(deps, asks('client-0', `other-${interfered}`), arraySink());
    });
    const run = await issueAll(world.deps, requests, world.sink);
    expect(new Set(kinds(run))).toEqual(new Set(['issued']));
    const records = await recordsOf(world, 'client-0');
    expect(records).toHaveLength(33);
    expect(records.every(({ state }) => state === 'active')).toBe(true);
  });

  it('issues once what two runs ask for at once', async () => {
    const world = await newWorld();
    const deps = { ...world.deps, delay: { wait: () => new Promise<void>((resolve) => setImmediate(resolve)) } };
    const requests = manyFor(5, 4);
    const other = arraySink();
    const runs = await Promise.all([issueAll(deps, requests, world.sink), issueAll(deps, requests, other)]);
    const records = await allRecords(world, requests);
    expect(records).toHaveLength(20);
    expect(records.every(({ state }) => state === 'active')).toBe(true);
    const issued = runs.flatMap(({ outcomes }) => outcomes.filter((outcome) => outcome?.kind === 'issued'));
    expect(issued).toHaveLength(20);
    const hashes = [...world.sink.tokens, ...other.tokens].map((token) =>
      sha256Hex(Buffer.from(token.split('.')[1] ?? '', 'base64url')),
    );
    for (const { payloadSha256 } of records) expect(hashes).toContain(payloadSha256);
  });

  it('commits once when the answer to a commit is lost', async () => {
    const world = await newWorld();
    const requests = manyFor(1, 6);
    world.meet((call) => (call.method === 'commit' && call.nth <= 2 ? { kind: 'lose' } : undefined));
    expect(new Set(kinds(await issueAll(world.deps, requests, world.sink)))).toEqual(new Set(['issued']));
    await expectOneLiveEach(world, requests);
    expect((await world.registry.getClient('client-0'))?.version).toBe(2);
  });

  it('goes on after a service that refused for being too much, and tells nobody', async () => {
    const world = await newWorld();
    const requests = manyFor(10, 1);
    world.meet(({ method, nth }) =>
      (method === 'sign' || method === 'commit') && nth % 3 === 0
        ? { kind: 'fail', error: new ThrottledError('too much') }
        : undefined,
    );
    expect(new Set(kinds(await issueAll(world.deps, requests, world.sink)))).toEqual(new Set(['issued']));
    await expectOneLiveEach(world, requests);
  });

  it('gives up on a service that refuses for minutes', async () => {
    const world = await newWorld();
    world.meet(faultAt('sign', { kind: 'fail', error: new ThrottledError('too much') }));
    const run = await issueAll(world.deps, manyFor(3, 1), world.sink, { concurrency: 1 });
    expect(kinds(run)).toEqual(['THROTTLED', undefined, undefined]);
  });

  it('begins nothing more once the place that all go to is full; what is under way is told of', async () => {
    const world = await newWorld();
    const requests = manyFor(10, 1);
    let room = 4;
    const sink: TokenSink = {
      check: async () => {},
      deliver: async (token, record) => {
        room -= 1;
        if (room < 0) throw new UnavailableError('full', { code: 'DELIVERY_FAILED', why: 'no space left' });
        await world.sink.deliver(token, record);
      },
    };
    const run = await issueAll(world.deps, requests, sink, { concurrency: 2 });
    expect(kinds(run).filter((kind) => kind === 'issued')).toHaveLength(4);
    expect(run.outcomes.filter((outcome) => outcome !== undefined).length + run.untried).toBe(10);
    expect(run.untried).toBeGreaterThan(0);
    room = 100;
    await issueAll(world.deps, requests, sink);
    await expectOneLiveEach(world, requests);
  });

  it('finishes what is under way when it is interrupted, and begins nothing more', async () => {
    const world = await newWorld();
    const interruption = new AbortController();
    const requests = manyFor(20, 1);
    world.meet(({ method, nth }) => {
      if (method === 'sign' && nth === 5) interruption.abort();
    });
    const run = await issueAll(world.deps, requests, world.sink, { concurrency: 4, signal: interruption.signal });
    const issued = run.outcomes.filter((outcome) => outcome?.kind === 'issued').length;
    expect(issued + run.untried).toBe(20);
    expect(run.untried).toBeGreaterThan(0);
    expect((await allRecords(world, requests)).every(({ state }) => state === 'active')).toBe(true);
  });

  it('asks the sink before anything is recorded', async () => {
    const world = await newWorld();
    world.sink.failCheck(new Error('no'));
    await expect(issueAll(world.deps, manyFor(1, 1), world.sink)).rejects.toThrow('no');
    expect(await recordsOf(world, 'client-0')).toEqual([]);
  });
});

describe('the survey of many requests', () => {
  it('says of each what it is, and refuses what the first commit would, by the policy of its client', async () => {
    const world = await newWorld();
    await setClient(world.deps, 'narrow', { scopes: ['plans:read'], maxTtl: 3_600 });
    await setClient(world.deps, 'stopped', {});
    const stopped = (await world.registry.getClient('stopped')) ?? expect.fail('no client');
    const suspended = suspendClient(stopped, changeContext(world.deps)) ?? expect.fail('no change');
    await world.registry.commit(suspended);
    await issueToken(world.deps, asks('partner', 'done'), world.sink);
    world.sink.failDelivery(new Error('no'));
    await issueToken(world.deps, asks('partner', 'begun'), world.sink).catch(() => {});
    const requests = [
      asks('new', 'a'),
      asks('partner', 'done'),
      asks('partner', 'begun'),
      asks('partner', 'done', { ttl: 60 }),
      asks('narrow', 'b', { ttl: 7_200 }),
      asks('narrow', 'c', { scopes: ['admin'] }),
      asks('stopped', 'd'),
      asks('new', 'e', { alg: 'RS256' }),
      asks('new', 'f', { expiresAt: 1 }),
      asks('new', 'g', { scopes: Array.from({ length: 64 }, (_, n) => `${n}${'x'.repeat(120)}`) }),
    ];
    const { findings } = await surveyBulk(world.deps, requests);
    expect(
      findings.map((found) => (found.kind === 'unlawful' || found.kind === 'refused' ? found.error.code : found.kind)),
    ).toEqual([
      'new',
      'issued',
      'pending',
      'REQUEST_MISMATCH',
      'OVER_CAP',
      'SCOPE_NOT_ALLOWED',
      'CLIENT_SUSPENDED',
      'WRONG_STATE',
      'INVALID_TIME',
      'TOKEN_TOO_LARGE',
    ]);
    expect(await recordsOf(world, 'new')).toEqual([]);
  });
});

/** Every call takes 20 ms, and the keys sign no more than 300 times in any second. */
async function distantWorld(): Promise<{
  deps: OperationDeps;
  time: ReturnType<typeof virtualTime>;
  refused: () => number;
  signed: () => number;
}> {
  const world = await newWorld();
  const time = virtualTime(world.clock.now());
  const late = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          await time.wait(20);
          return Reflect.apply(member, target, args);
        };
      },
    });
  const recent: number[] = [];
  let [refused, signed] = [0, 0];
  const keys: OperationDeps['keys'] = {
    ...late(world.keys),
    publicKey: (ref) => world.keys.publicKey(ref),
    sign: async (ref, alg, input) => {
      await time.wait(20);
      while ((recent[0] ?? Infinity) <= time.now() - 1_000) recent.shift();
      if (recent.length >= 300) {
        refused += 1;
        throw new ThrottledError('too much');
      }
      recent.push(time.now());
      signed += 1;
      return world.keys.sign(ref, alg, input);
    },
  };
  // The service says with each answer that the clock is right.
  const clockEvidence = { skew: () => 0, checked: false };
  const deps = { ...world.deps, registry: late(world.registry), keys, clock: time, clockEvidence, delay: time };
  return { deps, time, refused: () => refused, signed: () => signed };
}

describe('against a service 20 ms away that signs 300 times a second', () => {
  const options = { concurrency: 64, rate: 285 };

  it.each([
    ['of as many clients', 900, 1],
    ['of one client', 1, 900],
  ])('tokens %s are issued at nine tenths of that, and none is refused', async (_, clients, count) => {
    const { deps, time, refused, signed } = await distantWorld();
    const start = time.now();
    const run = await time.run(issueAll(deps, manyFor(clients, count), arraySink(), options));
    expect(new Set(kinds(run))).toEqual(new Set(['issued']));
    expect(refused()).toBe(0);
    // One for each token, and one for each commit that prepares up to 24 of a client.
    const signatures = 900 + clients * Math.ceil(count / 24);
    expect(signed()).toBe(signatures);
    expect((time.now() - start) / 1_000).toBeLessThan(signatures / 270);
  });

  it('a rate that is too high costs time, and no token', async () => {
    const { deps, time, refused } = await distantWorld();
    const run = await time.run(issueAll(deps, manyFor(1_000, 1), arraySink(), { concurrency: 64, rate: 2_000 }));
    expect(new Set(kinds(run))).toEqual(new Set(['issued']));
    expect(refused()).toBeGreaterThan(0);
  });
});
