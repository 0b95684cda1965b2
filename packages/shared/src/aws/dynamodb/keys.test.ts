import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endPosition, eventPosition, monthOf, padded } from './keys.ts';

describe('positions in the index', () => {
  it('sort by end, then jti', () => {
    const time = fc.integer({ min: 0, max: 253_402_300_799 });
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        // A range up to `high` leaves out what lies at `high`, and nothing before it.
        expect(endPosition(high, '0') > padded(high)).toBe(true);
        expect(low === high || endPosition(low, 'f') < padded(high)).toBe(true);
      }),
    );
  });

  it('sort events of one instant by aggregate, then number', () => {
    const at = '2027-01-15T08:00:00.000Z';
    const ids = ['a', 'a-', 'a-b', 'a.b', 'a0', 'a_', 'ab', 'b'];
    const sorted = ids.flatMap((id) => [9, 10, 11].map((seq) => eventPosition(at, `client:${id}`, seq)));
    expect(sorted.toReversed().toSorted()).toEqual(sorted);
    expect(eventPosition(at, 'ring:main', 1) > (sorted.at(-1) ?? '')).toBe(true);
  });

  it('lie in the month of their time, and beyond the calendar at its ends', () => {
    expect(monthOf(1_927_670_400 - 1)).toBe('2031-01');
    expect(monthOf(1_927_670_400)).toBe('2031-02');
    expect(monthOf(-1)).toBe('1970-01');
    expect(monthOf(1e15)).toBe('9999-12');
  });
});
