/** The fleet that is modelled: its sizes, who asks how often, and how long things take. All times are milliseconds, unless they say otherwise. */
import type { Chance } from './chance.ts';

export const INSTANCES = 10_000;
export const TOKENS = 100_000;
/** Each holds as many tokens as any other. */
export const CLIENTS = 10_000;
export const TOKENS_PER_CLIENT: number = TOKENS / CLIENTS;
/** Of the whole fleet, a second. A gateway spreads them evenly, so that an instance sees a ten thousandth of each token's. */
export const REQUESTS = 1_000_000;
/** Seconds that the key ring may be old: the default of an authorizer. */
export const RING_STALENESS = 60;
export const STALENESSES: readonly number[] = [0, 1, 2, 5, 10, 30, 60];
export const RESULT_TTLS: readonly number[] = [0, 5, 60, 300];
/** DynamoDB: read units a second of one partition, and so of one item. A consistent read of up to 4 KB is one. */
export const PARTITION_LIMIT = 3000;
/** What a warm function takes over a decision beside the wait for its reads. */
export const DECISION_MILLIS = 2;

const READ_MEDIAN = 4.5;
const READ_SIGMA = 0.35;
/** One read in a hundred takes ten times as long. */
const TAIL_SHARE = 0.01;
const TAIL_FACTOR = 10;

/** How long one read of the registry takes: half of them 4.5 ms or less, 98 in 100 between 2 and 11, some 50 and more. */
export function readMillis(chance: Chance): number {
  const usual = chance.logNormal(READ_MEDIAN, READ_SIGMA);
  return chance.uniform() < TAIL_SHARE ? usual * TAIL_FACTOR : usual;
}

/** Zipf with exponent 1: the token of rank n (from 0) is presented 1 / (n + 1) times as often as the first. */
export class Popularity {
  readonly #upTo = new Float64Array(TOKENS);

  constructor() {
    let sum = 0;
    for (let rank = 0; rank < TOKENS; rank++) {
      sum += 1 / (rank + 1);
      this.#upTo[rank] = sum;
    }
  }

  /** The part of all requests that present this token. */
  share(rank: number): number {
    return 1 / (rank + 1) / this.#total;
  }

  /** The rank of the token that a request presents. */
  draw(chance: Chance): number {
    const wanted = chance.uniform() * this.#total;
    let [low, high] = [0, TOKENS - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#upTo[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  get #total(): number {
    return this.#upTo[TOKENS - 1] ?? 0;
  }
}
