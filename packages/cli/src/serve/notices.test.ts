import { expect, test } from 'vitest';
import { Notices } from './notices.ts';

test('of the same trouble one line is told, of each trouble its own', () => {
  const told: string[] = [];
  const notices = new Notices((text) => told.push(text));
  for (let n = 0; n < 3; n += 1) {
    notices.tell('fault', `fault ${n}`);
    notices.tell('upstream', `upstream ${n}`);
  }
  expect(told).toEqual(['fault 0', 'upstream 0']);
});

test('what is remembered of troubles does not grow without end', () => {
  let told = 0;
  const notices = new Notices(() => (told += 1));
  for (let n = 0; n < 2_500; n += 1) notices.tell(`trouble ${n % 1_250}`, 'x');
  // Forgotten after a thousand: told again, and not more than each time.
  expect(told).toBe(2_500);
});
