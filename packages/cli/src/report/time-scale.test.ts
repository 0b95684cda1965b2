import { parseTime } from '@apikey/shared';
import { expect, it } from 'vitest';
import { percent, share, timeScale } from './time-scale.ts';

const at = parseTime;

it('covers whole months around a stretch of time, and at least two', () => {
  const scale = timeScale(at('2026-11-20T12:00:00Z'), at('2026-11-20T13:00:00Z'));
  expect(scale).toEqual({
    from: at('2026-11-01'),
    until: at('2027-01-01'),
    ticks: [
      { at: at('2026-11-01'), label: 'Nov' },
      { at: at('2026-12-01'), label: 'Dec' },
      { at: at('2027-01-01'), label: 'Jan 2027' },
    ],
  });
});

it('names few months of many, the year where it begins, and always the same ones', () => {
  const labels = (from: string, until: string): string[] =>
    timeScale(at(from), at(until)).ticks.flatMap(({ label }) => label ?? []);
  expect(labels('2026-01-15', '2026-12-15')).toEqual(['Jan 2026', 'Mar', 'May', 'Jul', 'Sep', 'Nov', 'Jan 2027']);
  expect(labels('2025-11-20', '2027-11-20')).toEqual([
    'Jan 2026',
    'Apr',
    'Jul',
    'Oct',
    'Jan 2027',
    'Apr',
    'Jul',
    'Oct',
  ]);
  expect(labels('1990-05-01', '2026-05-01').length).toBeLessThan(10);
});

it('draws a bounded number of lines over any time', () => {
  expect(timeScale(at('1971-01-01'), at('2999-01-01')).ticks.length).toBeLessThanOrEqual(40);
});

it('puts an instant where it belongs, and what lies outside at the edge', () => {
  const scale = timeScale(at('2026-01-01'), at('2026-12-31'));
  expect(share(scale, at('2026-07-02T12:00:00Z'))).toBe(0.5);
  expect(share(scale, at('2020-01-01'))).toBe(0);
  expect(share(scale, at('2030-01-01'))).toBe(1);
  expect(percent(1 / 3)).toBe('33.33%');
});
