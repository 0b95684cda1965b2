/** What is wrong with the clock of this host, and how to go on. */
import { MAX_CLOCK_SKEW_MILLIS } from '../domain/clock-limits.ts';
import { formatDuration } from '../domain/duration.ts';
import { RefusedError } from '../domain/errors.ts';
import type { EpochMillis } from '../domain/records.ts';
import { formatMillis } from '../domain/time.ts';
import { InvalidStateError } from './errors.ts';

/** `skew` in milliseconds, positive where the local clock is ahead, if it is known. */
export function clockSkewError(skew: number | undefined, cause?: unknown): InvalidStateError {
  const direction = skew !== undefined && skew < 0 ? 'behind' : 'ahead of';
  return new InvalidStateError('CLOCK_SKEW', 'the local clock is wrong', {
    why:
      skew === undefined
        ? 'AWS refused the time of the request'
        : `it is ${Math.round(Math.abs(skew) / 1000)} seconds ${direction} the clock of AWS`,
    fix: 'set the clock, best by a time service (NTP), and try again',
    cause,
  });
}

/** `subject` is what was last changed at `last`, in the chain of events. */
export function clockBehindError(now: EpochMillis, last: EpochMillis, subject: string): RefusedError {
  const seconds = Math.round((last - now) / 1000);
  return new RefusedError('CLOCK_BEHIND', 'the local clock is behind the audit log', {
    why: `it says ${formatMillis(Math.max(0, now))}, but ${subject} was changed at ${formatMillis(last)}, ${formatDuration(seconds)} later; up to ${MAX_CLOCK_SKEW_MILLIS / 1000} seconds are allowed`,
    fix: 'set the clock, best by a time service (NTP), and try again; if the clock is right, add --clock-checked',
  });
}
