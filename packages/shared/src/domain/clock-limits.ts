/** How far a clock may be off before what it says is not believed. */

/** Between the host and a service, between the host and the last event, and between two events of one chain. Milliseconds. */
export const MAX_CLOCK_SKEW_MILLIS = 60_000;

/** Whether a host that differs so much from a service is right enough to date tokens. Milliseconds. */
export function isBelieved(skew: number): boolean {
  return Math.abs(skew) <= MAX_CLOCK_SKEW_MILLIS;
}
