import { expect, it } from 'vitest';
import { distance } from './distance.ts';

it.each([
  [0, 'now'],
  [1, 'in 1 second'],
  [-1, '1 second ago'],
  [90, 'in 90 seconds'],
  [120, 'in 2 minutes'],
  [-3600, '60 minutes ago'],
  [86_400, 'in 24 hours'],
  [36 * 3600, 'in 36 hours'],
  [90 * 86_400, 'in 90 days'],
  [90 * 86_400 - 0.4, 'in 90 days'],
  [-3 * 86_400, '3 days ago'],
])('%d seconds are %s', (seconds, words) => {
  expect(distance(1_000_000_000 + seconds, 1_000_000_000)).toBe(words);
});
