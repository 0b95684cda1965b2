/** Finds the attempt that a signature may have been made for: by the same principal, with the same key, in time. */
import type { EpochMillis } from '../domain/records.ts';
import type { SignCall } from '../ports/sign-log.ts';
import type { SignAttempt } from './token-signatures.ts';

export interface ClientAttempt extends SignAttempt {
  readonly client: string;
  readonly jti: string;
}

interface Lane {
  /** By time. */
  readonly all: ClientAttempt[];
  /** Those of tokens that wait for a signature, by time; the first of them are behind every later call. */
  waiting: ClientAttempt[];
  first: number;
}

export class SignAttempts {
  readonly #valid: number;
  readonly #clock: number;
  readonly #lanes = new Map<string, Lane>();

  /**
   * @param valid for how many milliseconds behind an attempt a signature may be for it
   * @param clock how many milliseconds before it, since clocks differ
   */
  constructor(valid: number, clock: number) {
    this.#valid = valid;
    this.#clock = clock;
  }

  add(attempt: ClientAttempt): void {
    const name = laneName(attempt.actor, attempt.kid);
    const lane = this.#lanes.get(name) ?? { all: [], waiting: [], first: 0 };
    this.#lanes.set(name, lane);
    lane.all.push(attempt);
  }

  /** After the last `add`. @param waiting the tokens that wait for a signature */
  sort(waiting: ReadonlySet<string>): void {
    for (const lane of this.#lanes.values()) {
      lane.all.sort((a, b) => a.at - b.at);
      lane.waiting = lane.all.filter(({ jti }) => waiting.has(jti));
    }
  }

  /**
   * Takes calls by ascending time. Of the tokens that still wait the one whose time runs out first, so that as many as
   * possible get theirs; without one the attempt that is nearest.
   */
  behind(
    { at, principal }: SignCall,
    kid: string | undefined,
    waiting: ReadonlySet<string>,
  ): ClientAttempt | undefined {
    const lane = kid === undefined ? undefined : this.#lanes.get(laneName(principal, kid));
    if (lane === undefined) return undefined;
    for (; lane.first < lane.waiting.length; lane.first += 1) {
      const next = lane.waiting[lane.first];
      if (next === undefined || next.at > at + this.#clock) break;
      if (next.at >= at - this.#valid && waiting.has(next.jti)) return next;
    }
    return this.#nearest(lane.all, at);
  }

  #nearest(attempts: readonly ClientAttempt[], at: EpochMillis): ClientAttempt | undefined {
    const behind = firstAfter(attempts, at);
    const [before, after] = [attempts[behind - 1], attempts[behind]];
    if (after !== undefined && after.at - at <= this.#clock) {
      // A log may tell whole seconds alone, so that what follows within one was rather before.
      const nearer = before === undefined || at - before.at > this.#valid || after.at - at < 1000;
      if (nearer) return after;
    }
    return before !== undefined && at - before.at <= this.#valid ? before : undefined;
  }
}

/** Where the first attempt later than `at` is. */
function firstAfter(attempts: readonly ClientAttempt[], at: EpochMillis): number {
  let [low, high] = [0, attempts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((attempts[middle]?.at ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function laneName(principal: string, kid: string): string {
  return `${kid} ${principal}`;
}
