/** Compares the local clock with the service's: tokens take their times from the first, everybody else from the second. */
import { InvalidStateError } from '../ports/errors.ts';
import { member, text } from './vendor-error.ts';

/** More than this, and nothing that was signed is handed out. */
export const MAX_CLOCK_SKEW_MILLIS = 60_000;

/** The `Date` header has whole seconds. */
const RESOLUTION = 1_000;

/**
 * By how many milliseconds the local clock is ahead of (positive) or behind the service, from an HTTP response and the
 * local times at which its request was sent and it was received. The time between the two counts for nothing. Absent
 * without a usable `Date`.
 */
export function skewOf(response: unknown, sent: number, received: number): number | undefined {
  const header = text(member(response, 'headers'), 'date');
  const service = header === undefined ? Number.NaN : Date.parse(header);
  if (Number.isNaN(service)) return undefined;
  if (sent > service + RESOLUTION) return sent - service - RESOLUTION;
  return received < service ? received - service : 0;
}

/** `skew` in milliseconds, if it is known. */
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
