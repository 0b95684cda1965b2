import { expect, test } from 'vitest';
import { progressLine } from './progress.ts';

test('a bar grows from empty to full', () => {
  expect(progressLine('issued', 0, 4)).toBe(`issued  [${'-'.repeat(24)}]  0 %  0/4`);
  expect(progressLine('issued', 3, 4)).toBe(`issued  [${'█'.repeat(18)}${'-'.repeat(6)}]  75 %  3/4`);
  expect(progressLine('issued', 4, 4)).toBe(`issued  [${'█'.repeat(24)}]  100 %  4/4`);
});

test('without a total the count alone is shown', () => {
  expect(progressLine('events', 1200, undefined)).toBe('events  1200');
});
