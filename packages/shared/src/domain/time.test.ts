import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMillis, formatSeconds, MAX_EPOCH_SECONDS, parseTime } from './time.ts';

const seed = 20_261_122;

describe('times', () => {
  it('writes seconds and milliseconds exactly as the runtime does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_EPOCH_SECONDS * 1000 + 999 }), (millis) => {
        const iso = new Date(millis).toISOString();
        expect(formatMillis(millis)).toBe(iso);
        expect(formatSeconds(Math.floor(millis / 1000))).toBe(`${iso.slice(0, 19)}Z`);
      }),
      { seed, numRuns: 2000 },
    );
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_EPOCH_SECONDS }), (seconds) => {
        expect(parseTime(formatSeconds(seconds))).toBe(seconds);
      }),
      { seed, numRuns: 2000 },
    );
  });

  it.each([
    ['2027-02-01', '2027-02-01T00:00:00Z'],
    ['2027-02-01T09:30:00Z', '2027-02-01T09:30:00Z'],
    ['2027-02-01t09:30:00z', '2027-02-01T09:30:00Z'],
    ['2027-02-01T09:30:00.999999Z', '2027-02-01T09:30:00Z'],
    ['2027-02-01T09:30:00+02:00', '2027-02-01T07:30:00Z'],
    ['2027-02-01T00:30:00-05:30', '2027-02-01T06:00:00Z'],
    ['2028-02-29', '2028-02-29T00:00:00Z'],
    ['2000-02-29', '2000-02-29T00:00:00Z'],
  ])('reads %s as %s', (text, canonical) => {
    expect(formatSeconds(parseTime(text))).toBe(canonical);
  });

  it.each([
    '',
    'tomorrow',
    '2027-2-1',
    '2027-13-01',
    '2027-00-10',
    '2027-02-29',
    '2100-02-29',
    '2027-04-31',
    '2027-01-00',
    '2027-02-01T24:00:00Z',
    '2027-02-01T23:60:00Z',
    '2027-02-01T23:59:60Z',
    '2027-02-01T09:30:00',
    '2027-02-01T09:30Z',
    '2027-02-01 09:30:00Z',
    '2027-02-01T09:30:00+25:00',
    '1969-12-31',
    '1970-01-01T00:00:00+01:00',
    '27-02-01',
    '1790000000',
    '2027-02-01T09:30:00.Z',
    '2027-02-01Z',
    '+002027-02-01',
  ])('refuses %j', (text) => {
    expect(() => parseTime(text)).toThrow(expect.objectContaining({ code: 'INVALID_TIME' }));
  });
});
