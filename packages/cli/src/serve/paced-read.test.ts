import { expect, test } from 'vitest';
import { PacedRead } from './paced-read.ts';

test('nobody gets an answer that was asked for before the question', async () => {
  let sent = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const paced = new PacedRead(0, async () => {
    sent += 1;
    const number = sent;
    await promise;
    return number;
  });
  const first = paced.read();
  // Until the read is sent, others join it.
  const second = paced.read();
  await Promise.resolve();
  await Promise.resolve();
  expect(sent).toBe(1);
  const third = paced.read();
  resolve();
  expect(await Promise.all([first, second, third])).toEqual([1, 1, 2]);
});

test('a crowd costs one read in the interval, and everybody gets an answer', async () => {
  let sent = 0;
  const paced = new PacedRead(30, async () => (sent += 1));
  await paced.read();
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => paced.read()));
  expect(new Set(answers)).toEqual(new Set([2]));
  expect(sent).toBe(2);
});

test('a read that fails, fails for those who asked for it alone', async () => {
  let sent = 0;
  const paced = new PacedRead(0, async () => {
    sent += 1;
    if (sent === 1) throw new Error('out of reach');
    return sent;
  });
  await expect(paced.read()).rejects.toThrow('out of reach');
  await expect(paced.read()).resolves.toBe(2);
});
