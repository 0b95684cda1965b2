/** Keeps bulk work below a rate that a service allows, evenly, and slows down when the service says that it is too much. */
import { ThrottledError } from '../ports/errors.ts';
import type { OperationDeps } from './types.ts';

/** How far the turns given may lag behind the clock and still be caught up on, in milliseconds: no larger bursts. */
const SLACK = 50;
/** How long a service may go on refusing before that is reported, in milliseconds. */
const PATIENCE = 120_000;
const FIRST_WAIT = 200;
const LONGEST_WAIT = 5_000;
/** What is left of the rate after a refusal, and how often at most it is lowered. */
const DECREASE = 0.7;
const DECREASE_PAUSE = 1_000;
/** The part of the rate that each turn gives back. */
const INCREASE = 1 / 1_000;

export class Pace {
  readonly #deps: Pick<OperationDeps, 'clock' | 'delay' | 'entropy'>;
  readonly #target: number;
  #rate: number;
  #next: number;
  #loweredAt = -Infinity;

  /** @param rate turns a second; absent = as many as are asked for */
  constructor(deps: Pick<OperationDeps, 'clock' | 'delay' | 'entropy'>, rate: number | undefined) {
    this.#deps = deps;
    this.#target = rate ?? Infinity;
    this.#rate = this.#target;
    this.#next = deps.clock.now();
  }

  /** Resolves when it is the caller's turn. */
  async turn(): Promise<void> {
    if (this.#rate === Infinity) return;
    const now = this.#deps.clock.now();
    const at = Math.max(this.#next, now - SLACK);
    this.#next = at + 1_000 / this.#rate;
    this.#rate = Math.min(this.#target, this.#rate + this.#target * INCREASE);
    if (at > now) await this.#deps.delay.wait(at - now);
  }

  /** Runs `work`, again and again while the service refuses it for being too much. */
  async patiently<T>(work: () => Promise<T>): Promise<T> {
    const { clock, delay, entropy } = this.#deps;
    const end = clock.now() + PATIENCE;
    for (let ceiling = FIRST_WAIT; ; ceiling = Math.min(ceiling * 2, LONGEST_WAIT)) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ThrottledError) || clock.now() >= end) throw error;
        this.#lower();
        await delay.wait(Math.ceil(ceiling * (0.5 + entropy.fraction() / 2)));
      }
    }
  }

  #lower(): void {
    const now = this.#deps.clock.now();
    // Many calls are refused at once, for the same reason.
    if (now - this.#loweredAt < DECREASE_PAUSE) return;
    this.#loweredAt = now;
    this.#rate = Math.max(1, this.#rate * DECREASE);
  }
}
