/**
 * The fleet behind a gateway that keeps answers (a result TTL). A kept answer is asked for no more; when it is over, the
 * next request with that token asks, and so does every other until the answer is there: nothing is known of gateways that
 * hold requests back. All tokens are simulated; instances are started when all that there are are busy, as Lambda does.
 */
import { Chance } from './chance.ts';
import { Instance } from './instance.ts';
import { REQUESTS, TOKENS_PER_CLIENT, type Popularity } from './model.ts';
import { ModelRegistry, rankOf, type Token } from './registry.ts';
import { endTurn, type ReadCounter } from './virtual-time.ts';

export interface GatewayPlan {
  readonly resultTtl: number;
  readonly staleness: number;
}

export interface GatewayLoad {
  readonly resultTtl: number;
  readonly staleness: number;
  /** Decisions of instances, per request. */
  readonly asksPerRequest: number;
  readonly statusesPerRequest: number;
  readonly ringsPerRequest: number;
  /** Mean time that Lambda bills, per decision. */
  readonly billedMillis: number;
  /** Reads a second: of the busiest token's record, and of the client that holds the ten busiest, if one did. */
  readonly token: number;
  readonly concentrated: number;
  /** The latter in the second in which there were most. */
  readonly concentratedPeak: number;
  /** Instances that it took at the busiest moment. */
  readonly instances: number;
}

interface Ask {
  readonly token: Token;
  readonly moment: number;
}

const KID = 'model';
/** Picks of a free instance by chance, before all are looked through. */
const PICKS = 8;
const DECISIONS_IN_A_TURN = 5000;

export async function gatewayLoad(
  tokens: readonly Token[],
  popularity: Popularity,
  { resultTtl, staleness }: GatewayPlan,
): Promise<GatewayLoad> {
  const ttl = resultTtl * 1000;
  // One whole cycle, in which each token asks about once.
  const seconds = resultTtl;
  const chance = new Chance(`gateway ${resultTtl} ${staleness}`);
  const counted = (staleness + 1) * 1000;
  const end = counted + seconds * 1000;
  const load = { asks: 0, statuses: 0, rings: 0, billed: 0, busiest: 0 };
  const concentrated = Array.from({ length: seconds }, () => 0);
  let now = 0;
  let decisions = 0;
  const pool = new Pool(staleness, chance, {
    status: (jti) => {
      if (now < counted) return;
      load.statuses += 1;
      const rank = rankOf(jti);
      if (rank === 0) load.busiest += 1;
      if (rank >= TOKENS_PER_CLIENT) return;
      const second = Math.floor((now - counted) / 1000);
      concentrated[second] = (concentrated[second] ?? 0) + 1;
    },
    ring: () => {
      if (now >= counted) load.rings += 1;
    },
  });
  const gapOf = ({ rank }: Token): number => 1000 / (REQUESTS * popularity.share(rank));
  // Each token is met at a random moment of its own cycle.
  let later: Ask[] = tokens.map((token) => {
    const gap = gapOf(token);
    const kept = chance.uniform() * (ttl + gap) < ttl ? chance.uniform() * ttl : 0;
    return { token, moment: kept + chance.exponential(gap) };
  });
  // No token asks twice within one TTL, so that the order within it is known beforehand.
  for (let from = 0; from < end; from += ttl) {
    const due = later.filter(({ moment }) => moment < from + ttl && moment < end);
    later = later.filter(({ moment }) => moment >= from + ttl && moment < end);
    for (const { token, moment } of due.toSorted((a, b) => a.moment - b.moment)) {
      now = moment;
      const answered = await pool.ask(token, moment);
      let asks = 1;
      let billed = Math.ceil(answered - moment);
      for (
        let other = moment + chance.exponential(gapOf(token));
        other < answered;
        other += chance.exponential(gapOf(token))
      ) {
        billed += Math.ceil((await pool.ask(token, other)) - other);
        asks += 1;
      }
      if (moment >= counted) {
        load.asks += asks;
        load.billed += billed;
      }
      decisions += asks;
      if (decisions > DECISIONS_IN_A_TURN) {
        await endTurn();
        decisions = 0;
      }
      later.push({ token, moment: answered + ttl + chance.exponential(gapOf(token)) });
    }
  }
  const requests = REQUESTS * seconds;
  return {
    resultTtl,
    staleness,
    asksPerRequest: load.asks / requests,
    statusesPerRequest: load.statuses / requests,
    ringsPerRequest: load.rings / requests,
    billedMillis: load.billed / load.asks,
    token: load.busiest / seconds,
    concentrated: concentrated.reduce((sum, reads) => sum + reads, 0) / seconds,
    concentratedPeak: Math.max(...concentrated),
    instances: pool.size,
  };
}

/** Instances, of which any that is free may be given the next request. */
class Pool {
  readonly #instances: Instance[] = [];
  readonly #staleness: number;
  readonly #chance: Chance;
  readonly #counter: ReadCounter;
  readonly #registry = new ModelRegistry(KID);

  constructor(staleness: number, chance: Chance, counter: ReadCounter) {
    this.#staleness = staleness;
    this.#chance = chance;
    this.#counter = counter;
  }

  get size(): number {
    return this.#instances.length;
  }

  /** When the answer is there. */
  async ask(token: Token, moment: number): Promise<number> {
    const instance = this.#free(moment);
    await instance.decide(token, moment);
    return instance.freeAt;
  }

  #free(moment: number): Instance {
    const all = this.#instances;
    for (let pick = 0; pick < PICKS; pick++) {
      const instance = all[Math.floor(this.#chance.uniform() * all.length)];
      if (instance !== undefined && instance.freeAt <= moment) return instance;
    }
    return all.find(({ freeAt }) => freeAt <= moment) ?? this.#start();
  }

  #start(): Instance {
    const instance = new Instance({
      registry: this.#registry,
      kid: KID,
      staleness: this.#staleness,
      chance: this.#chance,
      counter: this.#counter,
    });
    this.#instances.push(instance);
    return instance;
  }
}
