/** What EventBridge sends when a schedule is due (Amazon EventBridge User Guide, scheduled events). */
import type { EpochMillis } from '@apikey/shared';

export interface ScheduledEvent {
  /** The minute that was scheduled, RFC 3339. */
  readonly time?: string | undefined;
}

/**
 * The time that a run is for. One that EventBridge repeats is for the same time as before; a call by hand without one
 * is for now.
 */
export function timeOf({ time }: ScheduledEvent, now: EpochMillis): EpochMillis {
  const scheduled = time === undefined ? now : Date.parse(time);
  if (Number.isNaN(scheduled)) throw new TypeError('the time of the event is none');
  return scheduled;
}
