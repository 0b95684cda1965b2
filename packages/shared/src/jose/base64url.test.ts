import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBase64url, encodeBase64url } from './base64url.ts';

const seed = 20_261;

test('what is encoded decodes to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(decodeBase64url(encodeBase64url(bytes))).toEqual(Buffer.from(bytes));
    }),
    { seed, numRuns: 500 },
  );
});

test('a view into a larger buffer is encoded without its surroundings', () => {
  expect(encodeBase64url(new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4))).toBe('AQID');
  expect(encodeBase64url('é')).toBe('w6k');
});

test('whatever decodes is the one spelling of its bytes', () => {
  const alphabet = fc.constantFrom(...'ABYZabyz0189-_+/= \n.é\0');
  fc.assert(
    fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
      const bytes = decodeBase64url(text);
      const canonical = /^[A-Za-z0-9_-]*$/u.test(text) && Buffer.from(text, 'base64url').toString('base64url') === text;
      expect(bytes === undefined ? 'refused' : encodeBase64url(bytes)).toBe(canonical ? text : 'refused');
    }),
    { seed, numRuns: 5000 },
  );
});

test.each([
  ['padding', 'AQ=='],
  ['one character left over', 'AAAAA'],
  ['a single character', 'A'],
  ['stray bits after one byte', 'AR'],
  ['stray bits after two bytes', 'AAB'],
  ['the standard alphabet', 'ab+/'],
  ['white space', 'AQ ID'],
  ['a line feed at the end', 'AQID\n'],
  ['a dot', 'AQ.ID'],
  ['a character beyond Latin-1 with the same low byte', 'AQI\u0144'],
  ['a full-width digit', 'AQI\uff11'],
])('%s is refused', (_, text) => {
  expect(decodeBase64url(text)).toBeUndefined();
});

test('the empty string is the empty byte string', () => {
  expect(decodeBase64url('')).toHaveLength(0);
});
