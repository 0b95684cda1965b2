/** Reads from a source that may fail or never answer: a few attempts inside a deadline, and no timer left behind. */
import { ApikeyError, UnavailableError } from '@apikey/shared';
import { AuthorizerFault } from '../fault.ts';

/** Milliseconds after which a decision's own reads are given up. With the slack below, it is over within 1.5 seconds. */
const READING_MILLIS = 1400;
/** By how much the end of a read that others began may lie behind one's own: requests that came together, share. */
export const JOINING_SLACK_MILLIS = 100;
const MAX_ATTEMPTS = 3;
/** Longest pause before the second attempt; twice as long before the third. The share is random, to spread a crowd. */
const PAUSE_MILLIS = 40;

export type Read<T> = (signal: AbortSignal) => Promise<T>;

/** The end of a decision that begins now, on the clock that timers run on. */
export function decisionDeadline(): number {
  return performance.now() + READING_MILLIS;
}

/**
 * Tries at most three times until `deadline`, each attempt with an equal share of what is left. An attempt without an
 * answer is abandoned and its signal aborted. Rejects with the last error; one that will not pass by itself at once.
 *
 * @param onSend called at each attempt, before the source is
 */
export async function attemptUntil<T>(deadline: number, read: Read<T>, onSend: () => void): Promise<T> {
  for (let left = MAX_ATTEMPTS; ; left -= 1) {
    const millis = Math.max(1, (deadline - performance.now()) / left);
    try {
      onSend();
      // oxlint-disable-next-line no-await-in-loop -- an attempt follows a failed one
      return await attempt(read, millis);
    } catch (error) {
      const pause = Math.random() * PAUSE_MILLIS * (MAX_ATTEMPTS + 1 - left);
      if (isLasting(error) || left === 1 || performance.now() + pause >= deadline) throw error;
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
}

/** Whether trying again can only give the same: no access, no such thing, an answer that makes no sense. */
function isLasting(error: unknown): boolean {
  return error instanceof AuthorizerFault || (error instanceof ApikeyError && !error.retryable);
}

function attempt<T>(read: Read<T>, millis: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    // Of sources written in JavaScript some may answer without a promise.
    const answer = Promise.resolve(read(controller.signal));
    const timer = setTimeout(() => {
      const error = new UnavailableError('there was no answer in time');
      reject(error);
      controller.abort(error);
    }, millis);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
    };
    answer.then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
  });
}
