/** `--since` and `--until`: a moment, or how long ago it was. */
import { InvalidValueError, parseDuration, parseTime, type EpochMillis } from '@apikey/shared';

/** `2027-02-01`, an RFC 3339 time, or `7d` for seven days before `now`. Throws `INVALID_TIME`. */
export function parseInstant(now: EpochMillis): (text: string) => EpochMillis {
  return (text) => {
    try {
      return parseTime(text) * 1000;
    } catch {
      // Perhaps a distance.
    }
    try {
      return Math.max(0, now - parseDuration(text) * 1000);
    } catch {
      throw new InvalidValueError('INVALID_TIME', 'this is not a date, a time or a duration', {
        why: 'expected a date like 2027-02-01, an RFC 3339 time, or a duration like 7d for seven days ago',
      });
    }
  };
}
