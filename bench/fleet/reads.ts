/**
 * What the fleet reads of the registry while every request asks an instance (no result TTL). Simulates a sample of the
 * instances, each with caches and traffic of its own, and scales what they read up to all of them.
 */
import { Chance } from './chance.ts';
import { Instance } from './instance.ts';
import { INSTANCES, REQUESTS, TOKENS, TOKENS_PER_CLIENT, type Popularity } from './model.ts';
import { ModelRegistry, rankOf, tokenOf, type Token } from './registry.ts';
import { endTurn } from './virtual-time.ts';

export interface ReadsPlan {
  /** Instances that are simulated. */
  readonly instances: number;
  /** Virtual seconds that are counted, after a warm-up of once to twice the staleness and 5 s. */
  readonly seconds: number;
}

/** Of the whole fleet, a second, with the standard error that the sample leaves. */
export interface Rate {
  readonly perSecond: number;
  readonly error: number;
}

export interface FleetReads {
  readonly staleness: number;
  readonly requests: number;
  /** Reads of the record of the busiest token. */
  readonly token: Rate;
  /** Reads of the client that holds it, where clients were dealt their tokens in turn: a busy one, and nine that are not. */
  readonly client: Rate;
  /** The same, if the ten busiest tokens were all of one client. */
  readonly concentrated: Rate;
  readonly ring: Rate;
  /** Reads of a status (a record and its client), per request. */
  readonly statusesPerRequest: number;
  readonly ringsPerRequest: number;
  /** Milliseconds that an instance was busy with each request; Lambda bills them rounded up. */
  readonly busyMillis: number;
  readonly billedMillis: number;
}

const KID = 'model';

interface Sample {
  requests: number;
  statuses: number;
  rings: number;
  busyMillis: number;
  billedMillis: number;
  readonly byRank: Uint32Array;
}

export async function fleetReads(
  tokens: readonly Token[],
  popularity: Popularity,
  staleness: number,
  { instances, seconds }: ReadsPlan,
): Promise<FleetReads> {
  const samples: Sample[] = [];
  for (let n = 0; n < instances; n++) {
    samples.push(await simulate(tokens, popularity, staleness, seconds, n));
    await endTurn();
  }
  const rate = (reads: (sample: Sample) => number): Rate => scaled(samples.map(reads), seconds);
  const total = (member: (sample: Sample) => number): number => samples.reduce((sum, one) => sum + member(one), 0);
  const requests = total((one) => one.requests);
  return {
    staleness,
    requests,
    token: rate(({ byRank }) => byRank[0] ?? 0),
    client: rate(({ byRank }) => readsOfRanks(byRank, (n) => (n * TOKENS) / TOKENS_PER_CLIENT)),
    concentrated: rate(({ byRank }) => readsOfRanks(byRank, (n) => n)),
    ring: rate(({ rings }) => rings),
    statusesPerRequest: total((one) => one.statuses) / requests,
    ringsPerRequest: total((one) => one.rings) / requests,
    busyMillis: total((one) => one.busyMillis) / requests,
    billedMillis: total((one) => one.billedMillis) / requests,
  };
}

export function allTokens(): Token[] {
  return Array.from({ length: TOKENS }, (_, rank) => tokenOf(rank));
}

/** One instance, from its start. The traffic is the same for every staleness. */
async function simulate(
  tokens: readonly Token[],
  popularity: Popularity,
  staleness: number,
  seconds: number,
  n: number,
): Promise<Sample> {
  const sample: Sample = {
    requests: 0,
    statuses: 0,
    rings: 0,
    busyMillis: 0,
    billedMillis: 0,
    byRank: new Uint32Array(TOKENS),
  };
  // Instances read a busy token in step with their start: so that no window catches one read too many of all of them, each
  // begins to count at another moment.
  const counted = (5 + staleness * (1 + new Chance(`window ${n}`).uniform())) * 1000;
  const end = counted + seconds * 1000;
  const counter = {
    status: (jti: string) => {
      if (instance.clock.now < counted) return;
      sample.statuses += 1;
      const rank = rankOf(jti);
      sample.byRank[rank] = (sample.byRank[rank] ?? 0) + 1;
    },
    ring: () => {
      if (instance.clock.now >= counted) sample.rings += 1;
    },
  };
  const registry = new ModelRegistry(KID);
  const instance = new Instance({ registry, kid: KID, staleness, chance: new Chance(`reads ${n}`), counter });
  const traffic = new Chance(`traffic ${n}`);
  const gap = (1000 * INSTANCES) / REQUESTS;
  for (let moment = traffic.exponential(gap); moment < end; moment += traffic.exponential(gap)) {
    const token = tokens[popularity.draw(traffic)];
    if (token === undefined) throw new RangeError('there is no such token');
    // One that meets a busy instance begins when that is free: it stands for those that other busy ones send here.
    const begins = Math.max(moment, instance.freeAt);
    if (instance.decideAtOnce(token, moment) === undefined) await instance.decideFromReads(token);
    if (begins < counted) continue;
    const busy = instance.freeAt - begins;
    sample.requests += 1;
    sample.busyMillis += busy;
    sample.billedMillis += Math.ceil(busy);
  }
  return sample;
}

function readsOfRanks(byRank: Uint32Array, rankAt: (n: number) => number): number {
  return Array.from({ length: TOKENS_PER_CLIENT }, (_, n) => byRank[rankAt(n)] ?? 0).reduce((sum, one) => sum + one, 0);
}

function scaled(counts: readonly number[], seconds: number): Rate {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  const deviation = counts.length > 1 ? Math.sqrt(squares / (counts.length - 1)) : Number.NaN;
  const fleet = INSTANCES / seconds;
  return { perSecond: mean * fleet, error: (deviation / Math.sqrt(counts.length)) * fleet };
}
