/**
 * A clock whose time passes only while everybody waits: work that waits much is tried out in no time, and always takes
 * exactly as long.
 */
import type { Clock, Delay } from '../ports/clock.ts';

/** Turns of the event loop in which nothing may happen before time passes. */
const QUIET_TURNS = 3;

export interface VirtualTime extends Clock, Delay {
  /** Lets time pass until `work` is done; throws what it throws. */
  run<T>(work: Promise<T>): Promise<T>;
}

export function virtualTime(start = 1_800_000_000_000): VirtualTime {
  let now = start;
  let waiting: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    wait: (milliseconds) =>
      new Promise((wake) => {
        waiting.push({ at: now + Math.max(0, milliseconds), wake });
      }),
    run: async (work) => {
      const state = { done: false };
      const finished = work.finally(() => {
        state.done = true;
      });
      finished.catch(() => {});
      while (!state.done) {
        for (let turn = 0; turn < QUIET_TURNS && !state.done; turn += 1) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        const next = Math.min(...waiting.map(({ at }) => at));
        if (!Number.isFinite(next)) continue;
        now = Math.max(now, next);
        const due = waiting.filter(({ at }) => at <= now);
        waiting = waiting.filter(({ at }) => at > now);
        for (const { wake } of due) wake();
      }
      return finished;
    },
  };
}
