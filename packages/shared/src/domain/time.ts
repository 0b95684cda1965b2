/** Instants as text and back, without the runtime's `Date`, so that domain code depends on nothing. */
import { InvalidValueError } from './errors.ts';
import type { EpochMillis, EpochSeconds } from './records.ts';

const DAY_SECONDS = 86_400;
/** 9999-12-31T23:59:59Z: the last second that RFC 3339 can write. */
export const MAX_EPOCH_SECONDS: EpochSeconds = 253_402_300_799;

/** `2027-02-01T09:30:00Z` for whole epoch seconds. */
export function formatSeconds(seconds: EpochSeconds): string {
  if (!Number.isSafeInteger(seconds) || seconds < 0 || seconds > MAX_EPOCH_SECONDS) {
    throw new RangeError('a time outside 1970 to 9999');
  }
  const [year, month, day] = civilFromDays(Math.floor(seconds / DAY_SECONDS));
  const rest = seconds % DAY_SECONDS;
  const time = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map((n) => pad(n, 2)).join(':');
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${time}Z`;
}

/** `2027-02-01T09:30:00.123Z` for epoch milliseconds. */
export function formatMillis(millis: EpochMillis): string {
  const whole = Math.floor(millis);
  return `${formatSeconds(Math.floor(whole / 1000)).slice(0, -1)}.${pad(((whole % 1000) + 1000) % 1000, 3)}Z`;
}

const MILLIS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** Whether a text is a time as `formatMillis` writes it. */
export function isMillis(text: string): boolean {
  if (!MILLIS.test(text)) return false;
  try {
    return parseTime(text) >= 0;
  } catch {
    return false;
  }
}

/** Epoch milliseconds of a time as `formatMillis` writes it. */
export function parseMillis(text: string): EpochMillis {
  return parseTime(text) * 1000 + Number(text.slice(-4, -1));
}

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:[Zz]|([+-])(\d{2}):(\d{2})))?$/;

/**
 * Parses a date (`2027-02-01`, midnight UTC) or an RFC 3339 time (fractions of a second are dropped) into epoch
 * seconds. Throws `INVALID_TIME` for everything else, including days that do not exist and leap seconds.
 */
export function parseTime(text: string): EpochSeconds {
  const match = RFC3339.exec(text);
  if (match === null) throw invalidTime();
  const field = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day] = [field(1), field(2), field(3)];
  const [hour, minute, second] = [field(4), field(5), field(6)];
  const [offsetHour, offsetMinute] = [field(8), field(9)];
  const valid =
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysInMonth(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    offsetHour <= 23 &&
    offsetMinute <= 59;
  if (!valid) throw invalidTime();
  const offset = (offsetHour * 3600 + offsetMinute * 60) * (match[7] === '-' ? -1 : 1);
  const seconds = daysFromCivil(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset;
  if (seconds < 0 || seconds > MAX_EPOCH_SECONDS) throw invalidTime();
  return seconds;
}

function invalidTime(): InvalidValueError {
  return new InvalidValueError('INVALID_TIME', 'this is not a date or time', {
    why: 'expected a date like 2027-02-01, or an RFC 3339 time like 2027-02-01T09:30:00Z',
    fix: 'give the day, or the time with its offset',
  });
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function daysBeforeYear(year: number): number {
  const past = year - 1;
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
}

const DAYS_BEFORE_1970 = daysBeforeYear(1970);

function daysFromCivil(year: number, month: number, day: number): number {
  let days = daysBeforeYear(year) - DAYS_BEFORE_1970;
  for (let m = 1; m < month; m += 1) days += daysInMonth(year, m);
  return days + day - 1;
}

function civilFromDays(days: number): [year: number, month: number, day: number] {
  let year = 1970 + Math.floor(days / 365.2425);
  while (daysBeforeYear(year) - DAYS_BEFORE_1970 > days) year -= 1;
  while (daysBeforeYear(year + 1) - DAYS_BEFORE_1970 <= days) year += 1;
  let day = days - (daysBeforeYear(year) - DAYS_BEFORE_1970);
  let month = 1;
  while (day >= daysInMonth(year, month)) {
    day -= daysInMonth(year, month);
    month += 1;
  }
  return [year, month, day + 1];
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
