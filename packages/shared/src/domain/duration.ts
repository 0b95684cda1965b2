/** Durations as people write them: `90d`, `1d12h`, `P90D`. Nothing ambiguous is accepted (no months, no years, no bare numbers). */
import { InvalidValueError } from './errors.ts';

const UNITS = [
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

const COUNT = '([1-9][0-9]{0,9})';
/** Units from large to small, each at most once. */
const COMPACT = new RegExp(`^(?:${COUNT}w)?(?:${COUNT}d)?(?:${COUNT}h)?(?:${COUNT}m)?(?:${COUNT}s)?$`);
/** ISO 8601 without years and months, whose length depends on the calendar. */
const ISO = new RegExp(`^P(?:${COUNT}W|(?!$)()(?:${COUNT}D)?(?:T(?!$)(?:${COUNT}H)?(?:${COUNT}M)?(?:${COUNT}S)?)?)$`);

/** 100,000 days: longer than any credential should live, short enough for a date with a four-digit year. */
export const MAX_DURATION_SECONDS: number = 100_000 * 86_400;

/** Parses a duration into whole seconds. Throws `INVALID_DURATION`. */
export function parseDuration(text: string): number {
  const parts = text === '' ? undefined : (COMPACT.exec(text) ?? isoParts(text));
  if (parts === undefined) throw invalidDuration();
  const seconds = UNITS.reduce((sum, [, size], index) => sum + Number(parts[index + 1] ?? 0) * size, 0);
  if (seconds > MAX_DURATION_SECONDS) throw invalidDuration('longer than 100000 days');
  return seconds;
}

function isoParts(text: string): (string | undefined)[] | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [whole, weeks, , days, hours, minutes, seconds] = match;
  return [whole, weeks, days, hours, minutes, seconds];
}

/** The shortest compact form of whole seconds: `90d`, `1d12h`. Weeks are written as days. */
export function formatDuration(seconds: number): string {
  if (!Number.isSafeInteger(seconds) || seconds <= 0)
    throw new RangeError('a duration is a positive number of seconds');
  let rest = seconds;
  let text = '';
  for (const [unit, size] of UNITS.slice(1)) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest %= size;
  }
  return text;
}

function invalidDuration(why?: string): InvalidValueError {
  return new InvalidValueError('INVALID_DURATION', 'this is not a duration', {
    why:
      why ??
      'expected a number and a unit (w, d, h, m, s), large units first; months, years and bare numbers are ambiguous',
    fix: 'write it like 90d, 12h, 1d12h or P90D',
  });
}
