import { expect, it } from 'vitest';
import { isJti } from '../domain/identifiers.ts';
import { fixedClock, instantDelay, seededEntropy } from './clock.ts';

it('a fixed clock moves only when told to', () => {
  const clock = fixedClock(1000);
  expect([clock.now(), clock.now()]).toEqual([1000, 1000]);
  clock.advance(5);
  expect(clock.now()).toBe(1005);
  clock.set(1);
  expect(clock.now()).toBe(1);
});

it('an instant delay takes time on its clock only', async () => {
  const clock = fixedClock(0);
  const delay = instantDelay(clock);
  await delay.wait(86_400_000);
  await delay.wait(1);
  expect(clock.now()).toBe(86_400_001);
  expect(delay.waits).toEqual([86_400_000, 1]);
});

it('seeded entropy repeats itself for a seed, and differs for another', () => {
  const draw = (seed: number): unknown[] => {
    const entropy = seededEntropy(seed);
    return [entropy.uuid(), entropy.uuid(), Buffer.from(entropy.bytes(100)).toString('hex'), entropy.fraction()];
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

it('seeded entropy gives UUIDs, whole byte counts and fractions', () => {
  const entropy = seededEntropy();
  const ids = Array.from({ length: 200 }, () => entropy.uuid());
  expect(new Set(ids).size).toBe(200);
  expect(ids.every((id) => isJti(id) && /^.{14}4.{4}[89ab]/.test(id))).toBe(true);
  expect([0, 1, 31, 32, 33].map((count) => entropy.bytes(count).length)).toEqual([0, 1, 31, 32, 33]);
  const fractions = Array.from({ length: 200 }, () => entropy.fraction());
  expect(fractions.every((fraction) => fraction >= 0 && fraction < 1)).toBe(true);
});
