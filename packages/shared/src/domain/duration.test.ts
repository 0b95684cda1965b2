import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, MAX_DURATION_SECONDS, parseDuration } from './duration.ts';
import { InvalidValueError } from './errors.ts';

const seed = 20_261_122;

describe('durations', () => {
  it.each([
    ['90d', 7_776_000],
    ['12h', 43_200],
    ['1d12h', 129_600],
    ['2w', 1_209_600],
    ['1w1d1h1m1s', 694_861],
    ['P90D', 7_776_000],
    ['P1DT12H', 129_600],
    ['PT30M', 1_800],
    ['P2W', 1_209_600],
    ['100000d', MAX_DURATION_SECONDS],
  ])('reads %s as %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each([
    '',
    ' ',
    '90',
    '0d',
    '-1d',
    '+1d',
    '1M',
    '1y',
    '1.5d',
    '1e3d',
    '90 d',
    ' 90d',
    '90d ',
    '90D',
    'd',
    '1d1d',
    '12h1d',
    '1h0m',
    '01d',
    '100001d',
    '99999999999d',
    'P',
    'PT',
    'P1DT',
    'P1Y',
    'P1M',
    'P90d',
    'p90d',
    'P1W1D',
    'P0D',
    'PT1.5H',
    '９０d',
    '90d\n',
    'Infinityd',
    'NaN',
    '1ms',
  ])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'INVALID_DURATION' }));
  });

  it('writes every duration so that it is read back as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_DURATION_SECONDS }), (seconds) => {
        expect(parseDuration(formatDuration(seconds))).toBe(seconds);
      }),
      { seed, numRuns: 1000 },
    );
  });

  it('accepts nothing but its grammar', () => {
    const alphabet = fc.constantFrom(...'0123456789wdhmsPTDHMSWYy .-+e');
    const grammar =
      /^(?!$)(?:[1-9]\d*w)?(?:[1-9]\d*d)?(?:[1-9]\d*h)?(?:[1-9]\d*m)?(?:[1-9]\d*s)?$|^P(?:[1-9]\d*W|(?=.)(?:[1-9]\d*D)?(?:T(?=.)(?:[1-9]\d*H)?(?:[1-9]\d*M)?(?:[1-9]\d*S)?)?)$/;
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 7 }), (text) => {
        let seconds: number | undefined;
        try {
          seconds = parseDuration(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidValueError);
        }
        if (seconds === undefined) expect(grammar.test(text) && Number(/\d+/.exec(text)) < 10_000).toBe(false);
        else expect(text).toMatch(grammar);
      }),
      { seed, numRuns: 5000 },
    );
  });

  it('does not write what is not a duration', () => {
    for (const wrong of [0, -1, 1.5, Number.NaN]) expect(() => formatDuration(wrong)).toThrow(RangeError);
  });
});
