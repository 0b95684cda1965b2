/** Time spans as people say them: `in 90 days`, `3 minutes ago`. */

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** How far `seconds` lies from `now`, both in epoch seconds, in the largest unit of which there are at least two. */
export function distance(seconds: number, now: number): string {
  const span = Math.abs(seconds - now);
  const past = seconds < now;
  for (const [unit, size] of UNITS) {
    if (span >= 2 * size) return phrase(Math.round(span / size), unit, past);
  }
  const rest = Math.round(span);
  return rest === 0 ? 'now' : phrase(rest, 'second', past);
}

function phrase(count: number, unit: string, past: boolean): string {
  const words = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return past ? `${words} ago` : `in ${words}`;
}
