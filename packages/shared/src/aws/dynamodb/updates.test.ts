/** An update writes what differs, by the names of the attributes, and leads from one item to the other. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Item } from './attributes.ts';
import { keyOf, updateOf, withValues } from './updates.ts';

const KEY: Item = { pk: { S: 'CLIENT#a' }, sk: { S: 'TOKEN#b' } };
const values = fc.oneof(
  fc.string().map((S) => ({ S })),
  fc.integer().map((n) => ({ N: String(n) })),
  fc.boolean().map((BOOL) => ({ BOOL })),
  fc.array(fc.string().map((S) => ({ S }))).map((L) => ({ L })),
);
const names = fc.constantFrom('state', 'scopes', 'exp', 'liveUntil', 'note', 'reason', 'bucket', 'position');
const items = fc.dictionary(names, values, { noNullPrototype: true }).map((more): Item => ({ ...KEY, ...more }));

/** Does what DynamoDB would do. */
function applied(before: Item, after: Item): Item {
  const update = updateOf(before, after);
  if (update === undefined) return before;
  const match = /^(?:SET (.+?))? ?(?:REMOVE (.+))?$/.exec(update.expression);
  const listed = (text: string | undefined): string[] => text?.split(', ') ?? [];
  const set = listed(match?.[1]).map((assignment) => assignment.split(' = ') as [string, string]);
  const removed = new Set(listed(match?.[2]).map((name) => update.names[name]));
  const kept = Object.entries(before).filter(([name]) => !removed.has(name));
  const written = set.map(([name, value]) => [update.names[name] ?? '', update.values[value]]);
  expect(Object.keys(update.names)).toHaveLength(set.length + removed.size);
  expect(Object.keys(update.values)).toHaveLength(set.length);
  return Object.fromEntries([...kept, ...written]);
}

test('an update leads from any item to any other', () => {
  fc.assert(
    fc.property(items, items, (before, after) => {
      expect(applied(before, after)).toEqual(after);
    }),
  );
});

test('an update names the attributes that differ, and no others', () => {
  fc.assert(
    fc.property(items, items, (before, after) => {
      const named = Object.values(updateOf(before, after)?.names ?? {}).toSorted();
      const differing = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
      );
      expect(named).toEqual(differing.toSorted());
    }),
  );
});

test('an item that is the same needs no update, and an expression without values has none', () => {
  expect(updateOf(KEY, { ...KEY })).toBeUndefined();
  expect(updateOf({ ...KEY, note: { S: 'a' } }, KEY)).toEqual({
    expression: 'REMOVE #note',
    names: { '#note': 'note' },
    values: {},
  });
  expect(withValues({})).toEqual({});
  expect(keyOf({ ...KEY, note: { S: 'a' } })).toEqual(KEY);
});
