import { expect, it } from 'vitest';
import { parseInstant } from './instant.ts';

const NOW = Date.parse('2027-02-08T12:00:00Z');

it.each([
  ['2027-02-01', '2027-02-01T00:00:00Z'],
  ['2027-02-01T09:30:00+01:00', '2027-02-01T08:30:00Z'],
  ['7d', '2027-02-01T12:00:00Z'],
  ['90d', '2026-11-10T12:00:00Z'],
])('%s is %s', (text, expected) => {
  expect(parseInstant(NOW)(text)).toBe(Date.parse(expected));
});

it.each(['', 'yesterday', '7', '2027-02-30', '-7d', '1M'])('%j is no moment', (text) => {
  expect(() => parseInstant(NOW)(text)).toThrow(expect.objectContaining({ code: 'INVALID_TIME' }));
});

it('a duration longer than all of time reaches its beginning', () => {
  expect(parseInstant(1000)('1d')).toBe(0);
});
