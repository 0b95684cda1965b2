/** Repeats a call that failed for the moment: within a budget, with growing random pauses, and only where that is safe. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApikeyError } from '../domain/errors.ts';
import { ThrottledError, UnavailableError } from '../ports/errors.ts';
import type { Timing } from './client-settings.ts';
import { member } from './vendor-error.ts';

const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1_000;

/** An attempt took longer than it may; whether it arrived is not known. */
export class AttemptTimeout extends Error {
  override readonly name = 'AttemptTimeout';
}

export interface Attempted<T> {
  readonly call: (signal: AbortSignal) => Promise<T>;
  /** What to throw for an error of `call`; repeats depend on it. */
  readonly translate: (error: unknown) => unknown;
  /** False where a second call would do something twice: it is then repeated only if the first surely did nothing. */
  readonly repeatable: boolean;
  readonly timing: Timing;
  /** The caller's own; once aborted, the call rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

export async function attempt<T>({ call, translate, repeatable, timing, signal }: Attempted<T>): Promise<T> {
  const end = performance.now() + timing.budget;
  let unanswered = 0;
  let signedAnew = false;
  let throttled: ThrottledError | undefined;
  for (let count = 1; ; count += 1) {
    signal?.throwIfAborted();
    const limit = Math.min(timing.attempt, end - performance.now());
    try {
      return await bounded(call, limit, signal);
    } catch (error) {
      signal?.throwIfAborted();
      const failure = translate(error);
      // The SDK has learned the service's time from the refusal: what takes away must not wait for this host's clock.
      if (!signedAnew && canBeSignedAnew(error, failure)) {
        signedAnew = true;
        continue;
      }
      if (failure instanceof ThrottledError) throttled = failure;
      // The budget cut this attempt short, not the service: what it answered before is the reason.
      const isCutShort = error instanceof AttemptTimeout && limit < timing.attempt;
      if (isCutShort && throttled !== undefined && !isUnknown(failure)) throw throttled;
      if (failure instanceof UnavailableError) unanswered += 1;
      const pause = Math.random() * Math.min(FIRST_PAUSE * 2 ** (count - 1), LONGEST_PAUSE);
      if (!mayPass(failure, unanswered, repeatable, timing) || performance.now() + pause >= end) throw failure;
      await rest(pause, signal);
    }
  }
}

/** Refused for its time alone, and so surely not applied; the next one is signed with a corrected time. */
function canBeSignedAnew(error: unknown, failure: unknown): boolean {
  const corrected = member(member(error, '$metadata'), 'clockSkewCorrected') === true;
  return corrected && failure instanceof ApikeyError && failure.code === 'CLOCK_SKEW';
}

function isUnknown(failure: unknown): boolean {
  return failure instanceof UnavailableError && failure.outcome === 'unknown';
}

function mayPass(failure: unknown, unanswered: number, repeatable: boolean, timing: Timing): boolean {
  if (failure instanceof ThrottledError) return timing.attempts > 1;
  if (!(failure instanceof UnavailableError) || !failure.retryable) return false;
  return unanswered < timing.attempts && (repeatable || failure.outcome === 'not_applied');
}

/**
 * Runs `call` for at most `limit` milliseconds. It is abandoned at once when its time is up or the caller gives up,
 * for what it waits for may not heed the signal it got: credential providers do not.
 */
async function bounded<T>(
  call: (signal: AbortSignal) => Promise<T>,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  const controller = new AbortController();
  const abandoned = Promise.withResolvers<never>();
  const abandon = (reason: unknown): void => {
    abandoned.reject(reason);
    controller.abort(reason);
  };
  const giveUp = (): void => abandon(signal?.reason);
  const timer = setTimeout(() => abandon(new AttemptTimeout('no answer in time')), Math.max(1, limit));
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([call(controller.signal), abandoned.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

async function rest(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    // The caller's own reason, not one about sleeping.
    signal?.throwIfAborted();
    throw error;
  }
}
