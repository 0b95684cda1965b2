/** Records when tokens are used: rarely, within a short wait, and without a say in any decision. */
import { USAGE_INTERVAL_SECONDS, USAGE_RETRY_SECONDS, type EpochSeconds, type UsageRecorder } from '@apikey/shared';
import { BoundedMap } from './cache/bounded-map.ts';
import { secondsBetween, type Moment, type Timeline } from './clock.ts';

/**
 * What became of a use that was due to be recorded. `late`: there was no answer in time, so that it may have been
 * written or not. `paused`: it was not tried, since others were lost just before.
 */
export type UsageOutcome = 'written' | 'late' | 'lost' | 'paused';

/** Longest that an answer waits. Without a wait, Lambda would freeze the function with the write half-way. */
const WAIT_MILLIS = 100;
/** After a loss: how long until any token is tried again. */
const PAUSE_SECONDS = 10;
/** Two generations of half as many each: for so many tokens the interval holds whatever the traffic. */
const MAX_TOKENS = 100_000;
/** A recorder that never answers must not pile up calls. */
const MAX_UNDER_WAY = 100;

interface Attempt {
  readonly at: Moment;
  /** Seconds from then on during which the token is left alone. */
  wait: number;
}

export interface UsedToken {
  readonly jti: string;
  readonly client: string;
  readonly exp: EpochSeconds;
}

export class UsageTracker {
  readonly #recorder: UsageRecorder | undefined;
  readonly #timeline: Timeline;
  readonly #attempts: BoundedMap<Attempt> = new BoundedMap(MAX_TOKENS);
  #underWay = 0;
  #lost: Moment | undefined;

  constructor(recorder: UsageRecorder | undefined, timeline: Timeline) {
    this.#recorder = recorder;
    this.#timeline = timeline;
  }

  get sizes(): { readonly usedTokens: number; readonly usageWrites: number } {
    return { usedTokens: this.#attempts.size, usageWrites: this.#underWay };
  }

  /** Records the use of a token that was just allowed, if one is due. Resolves within 100 ms and never rejects. */
  record(token: UsedToken): Promise<UsageOutcome> | UsageOutcome | undefined {
    const recorder = this.#recorder;
    if (recorder === undefined) return undefined;
    const now = this.#timeline.now();
    const last = this.#attempts.get(token.jti);
    if (last !== undefined && secondsBetween(last.at, now) < last.wait) return undefined;
    if (this.#isPaused(now)) return 'paused';
    // Noted before the write: other requests with this token do not write as well.
    const attempt: Attempt = { at: now, wait: USAGE_RETRY_SECONDS };
    this.#attempts.set(token.jti, attempt);
    return this.#inTime(this.#write(recorder, token, attempt));
  }

  #isPaused(now: Moment): boolean {
    const afterLoss = this.#lost !== undefined && secondsBetween(this.#lost, now) < PAUSE_SECONDS;
    return afterLoss || this.#underWay >= MAX_UNDER_WAY;
  }

  async #write(recorder: UsageRecorder, { jti, client, exp }: UsedToken, attempt: Attempt): Promise<UsageOutcome> {
    this.#underWay += 1;
    try {
      await recorder.recordUse({ jti, client, exp, usedAt: Math.floor(attempt.at.wall / 1000) });
      attempt.wait = USAGE_INTERVAL_SECONDS;
      return 'written';
    } catch {
      this.#lost = this.#timeline.now();
      return 'lost';
    } finally {
      this.#underWay -= 1;
    }
  }

  /** A write that is late goes on by itself, and still counts for the interval once it is answered. */
  async #inTime(writing: Promise<UsageOutcome>): Promise<UsageOutcome> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<UsageOutcome>((resolve) => {
      timer = setTimeout(resolve, WAIT_MILLIS, 'late');
    });
    const outcome = await Promise.race([writing, late]);
    clearTimeout(timer);
    if (outcome === 'late') this.#lost = this.#timeline.now();
    return outcome;
  }
}
