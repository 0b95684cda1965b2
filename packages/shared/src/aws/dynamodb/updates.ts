/** What an update of an item writes: the attributes that differ, and no others. */
import { isDeepStrictEqual } from 'node:util';
import type { Item } from './attributes.ts';
import { TABLE_KEYS } from './keys.ts';

export interface ItemUpdate {
  readonly expression: string;
  readonly names: Record<string, string>;
  readonly values: Item;
}

const KEYS: readonly string[] = Object.values(TABLE_KEYS);

/** Absent where nothing differs. */
export function updateOf(before: Item, after: Item): ItemUpdate | undefined {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !KEYS.includes(name) && !isDeepStrictEqual(before[name], after[name]),
  );
  if (names.length === 0) return undefined;
  const set = names.filter((name) => name in after);
  const removed = names.filter((name) => !(name in after));
  const expression = [
    ...(set.length === 0 ? [] : [`SET ${set.map((name) => `#${name} = :${name}`).join(', ')}`]),
    ...(removed.length === 0 ? [] : [`REMOVE ${removed.map((name) => `#${name}`).join(', ')}`]),
  ].join(' ');
  return {
    expression,
    names: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    values: Object.fromEntries(set.map((name) => [`:${name}`, after[name] ?? { NULL: true }])),
  };
}

export function keyOf(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => KEYS.includes(name)));
}

/** DynamoDB refuses an empty map of values. */
export function withValues(values: Item): { readonly ExpressionAttributeValues?: Item } {
  return Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values };
}
