/** The one rule for the age of what the registry said: statuses and the key ring follow it alike. */
import { longestAge, type AgeLimits } from '@apikey/shared';
import { secondsBetween, type Moment } from '../clock.ts';

/**
 * Whether a read tells a request enough: it was sent after the request arrived, or at most `maxAge` seconds before `now`.
 * A `maxAge` of 0 leaves the first alone, whatever the clocks show.
 */
export function recentEnough(sent: Moment, arrived: Moment, now: Moment, maxAge: number): boolean {
  return sent.order > arrived.order || (maxAge > 0 && secondsBetween(sent, now) <= maxAge);
}

/**
 * Whether the last good answer may stand in for a read that failed. `sent` is when that answer's own read was sent, so
 * failing reads never lengthen its use.
 */
export function standsInAt(sent: Moment, now: Moment, limits: AgeLimits): boolean {
  return limits.staleIfError > 0 && secondsBetween(sent, now) <= longestAge(limits);
}
