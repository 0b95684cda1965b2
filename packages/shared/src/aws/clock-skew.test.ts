import { describe, expect, it } from 'vitest';
import { skewOf } from './clock-skew.ts';

const SERVICE = Date.parse('2027-01-15T08:00:00Z');
const response = { headers: { date: 'Fri, 15 Jan 2027 08:00:00 GMT' } };

describe('the difference between two clocks', () => {
  it('is nothing while the service answers between the sending and the receiving', () => {
    expect(skewOf(response, SERVICE - 5_000, SERVICE + 5_000)).toBe(0);
    expect(skewOf(response, SERVICE, SERVICE)).toBe(0);
    // The header has no milliseconds: its second goes on for that long.
    expect(skewOf(response, SERVICE + 1_000, SERVICE + 1_200)).toBe(0);
  });

  it('is positive for a local clock that is ahead, negative for one that is behind', () => {
    expect(skewOf(response, SERVICE + 91_000, SERVICE + 95_000)).toBe(90_000);
    expect(skewOf(response, SERVICE - 95_000, SERVICE - 90_000)).toBe(-90_000);
  });

  it('is not known without a date', () => {
    for (const odd of [undefined, {}, { headers: {} }, { headers: { date: 'yesterday' } }, { headers: { date: 7 } }]) {
      expect(skewOf(odd, SERVICE, SERVICE)).toBeUndefined();
    }
  });
});
