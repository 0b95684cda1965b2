/** The bound holds, and what is used stays. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedMap } from './bounded-map.ts';

test('a bounded map never holds more than its limit, and answers only what was last set', () => {
  const operation = fc.record({ key: fc.integer({ min: 0, max: 30 }).map(String), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), fc.array(operation, { maxLength: 200 }), (limit, operations) => {
      const map = new BoundedMap<number>(limit);
      const model = new Map<string, number>();
      for (const [index, { key, remove }] of operations.entries()) {
        if (remove) {
          map.delete(key);
          model.delete(key);
        } else {
          map.set(key, index);
          model.set(key, index);
        }
        expect(map.size).toBeLessThanOrEqual(limit);
        for (const probe of [key, '0', '1']) expect([undefined, model.get(probe)]).toContain(map.get(probe));
        expect(map.size).toBeLessThanOrEqual(limit);
      }
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('an entry that is used again and again outlives any number of others', () => {
  const map = new BoundedMap<string>(10);
  map.set('kept', 'value');
  for (let n = 0; n < 1000; n += 1) {
    map.set(`other ${n}`, 'x');
    expect(map.get('kept')).toBe('value');
  }
});

test('a limit of nothing holds nothing', () => {
  const map = new BoundedMap<string>(0);
  map.set('a', 'b');
  expect([map.get('a'), map.size]).toEqual([undefined, 0]);
});

test('what is not held is made once, and held', () => {
  const map = new BoundedMap<string>(10);
  const made: string[] = [];
  const make = (value: string) => (): string => {
    made.push(value);
    return value;
  };
  expect([map.getOrMake('a', make('first')), map.getOrMake('a', make('second'))]).toEqual(['first', 'first']);
  expect(made).toEqual(['first']);
});
