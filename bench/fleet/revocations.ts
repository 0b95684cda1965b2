/**
 * How long a revoked token is still let in: a token is revoked at a random moment, and the last request that began after
 * the revocation was committed, and was allowed all the same, is looked for. Only the traffic of that token is simulated.
 */
import { revocationBound } from '@apikey/shared';
import { Chance } from './chance.ts';
import { Instance } from './instance.ts';
import { INSTANCES, REQUESTS, RING_STALENESS, TOKENS, type Popularity } from './model.ts';
import { ModelRegistry, type Token } from './registry.ts';
import { endTurn } from './virtual-time.ts';

export interface RevocationPlan {
  readonly resultTtl: number;
  readonly staleness: number;
  /** Which token is revoked: one that is met by chance in the traffic, or any of those that there are. */
  readonly drawn: 'by traffic' | 'evenly';
  readonly revocations: number;
  /** Instances that are looked at. Without a result TTL a sample, of which each sees a ten thousandth of the traffic. */
  readonly instances: number;
}

export interface Latencies {
  readonly plan: RevocationPlan;
  /** The published bound, in seconds. */
  readonly bound: number;
  /** Seconds from the commit to the last request that was let in, 0 where none was; one for each instance and revocation, ascending. */
  readonly perInstance: readonly number[];
  /** The same over all instances of a revocation. */
  readonly perRevocation: readonly number[];
}

/** A gateway keeps answers apart by route as well: so one route may be asked late, and its answer kept from then on. */
const ROUTES = 8;
const KID = 'model';
const COUNTER = { status: () => undefined, ring: () => undefined };

/** One experiment: the moments are milliseconds from its beginning. */
interface Experiment {
  readonly token: Token;
  readonly registry: ModelRegistry;
  readonly staleness: number;
  readonly ttl: number;
  /** When the revocation is committed, and when nobody looks any more. */
  readonly commit: number;
  readonly end: number;
  readonly chance: Chance;
}

export async function revocationLatencies(
  tokens: readonly Token[],
  popularity: Popularity,
  plan: RevocationPlan,
): Promise<Latencies> {
  const { resultTtl, staleness, drawn, revocations, instances } = plan;
  const maxStaleness = { tokens: staleness, keys: RING_STALENESS };
  const { tokens: bound } = revocationBound({ gatewayResultTtl: resultTtl, maxStaleness, staleIfError: 0 });
  const luck = new Chance(`revocations ${resultTtl} ${staleness} ${drawn}`);
  const registry = new ModelRegistry(KID);
  const perInstance: number[] = [];
  const perRevocation: number[] = [];
  for (let n = 0; n < revocations; n++) {
    const rank = drawn === 'evenly' ? Math.floor(luck.uniform() * TOKENS) : popularity.draw(luck);
    const token = tokens[rank];
    if (token === undefined) throw new RangeError('there is no such token');
    const cycle = (staleness + resultTtl + 1) * 1000;
    const commit = cycle * (1 + luck.uniform());
    const end = commit + bound * 1000 + 5000;
    const chance = new Chance(`revocation ${resultTtl} ${staleness} ${drawn} ${n}`);
    registry.revoke(rank, commit);
    const experiment = { token, registry, staleness, ttl: resultTtl * 1000, commit, end, chance };
    const rate = (REQUESTS * popularity.share(rank)) / 1000;
    const latencies =
      resultTtl === 0
        ? await atInstances(experiment, rate / INSTANCES, instances)
        : [await behindGateway(experiment, rate, instances)];
    registry.restore(rank);
    await endTurn();
    perInstance.push(...latencies);
    perRevocation.push(Math.max(...latencies));
  }
  const ascending = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
  return { plan, bound, perInstance: ascending(perInstance), perRevocation: ascending(perRevocation) };
}

/** Seconds for each instance. `rate` is the requests a millisecond that one of them sees. */
async function atInstances(experiment: Experiment, rate: number, instances: number): Promise<number[]> {
  const { token, registry, staleness, commit, end, chance } = experiment;
  const latencies: number[] = [];
  for (let n = 0; n < instances; n++) {
    let latency = 0;
    let moment = chance.exponential(1 / rate);
    if (moment < end) {
      const instance = new Instance({ registry, kid: KID, staleness, chance, counter: COUNTER });
      for (; moment < end; moment += chance.exponential(1 / rate)) {
        const begins = Math.max(moment, instance.freeAt);
        const allowed = instance.decideAtOnce(token, moment) ?? (await instance.decideFromReads(token));
        if (allowed && begins > commit) latency = (begins - commit) / 1000;
      }
    }
    latencies.push(latency);
  }
  return latencies;
}

/** Seconds from the commit to the last request that the gateway let in. `rate` is the requests a millisecond with this token. */
async function behindGateway(experiment: Experiment, rate: number, instances: number): Promise<number> {
  const { token, registry, staleness, ttl, commit, end, chance } = experiment;
  const gap = ROUTES / rate;
  const all = Array.from(
    { length: instances },
    () => new Instance({ registry, kid: KID, staleness, chance, counter: COUNTER }),
  );
  /** When the next request asks, on each route: at first at a random moment of the route's cycle. */
  const next = Array.from({ length: ROUTES }, () => chance.uniform() * ttl + chance.exponential(gap));
  let last = commit;
  for (;;) {
    const asks = Math.min(...next);
    if (asks >= end) return (last - commit) / 1000;
    const free = all.filter(({ freeAt }) => freeAt <= asks);
    const chosen = free[Math.floor(chance.uniform() * free.length)] ?? all[0];
    if (chosen === undefined) throw new RangeError('there is no instance');
    const begins = Math.max(asks, chosen.freeAt);
    const allowed = await chosen.decide(token, asks);
    const answered = chosen.freeAt;
    if (allowed && begins > commit) last = Math.max(last, begins);
    // An answer, yes or no, is kept; of the requests that it serves, the last comes about one gap before its end.
    const kept = answered + ttl;
    const served = kept - chance.exponential(gap);
    if (allowed && served > answered) last = Math.max(last, served);
    next[next.indexOf(asks)] = kept + chance.exponential(gap);
  }
}
