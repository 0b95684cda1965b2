/** Members of JSON objects compared: an absent member is `null`, and only an object's own ones count. */
import { canonicalJson } from './events.ts';
import type { Difference } from './findings.ts';
import type { Json, JsonObject } from './records.ts';

export function member(state: JsonObject | undefined, field: string): Json {
  return state !== undefined && Object.hasOwn(state, field) ? (state[field] ?? null) : null;
}

export function same(a: Json, b: Json): boolean {
  if (a === b) return true;
  // Only lists and objects are equal without being the same value.
  return typeof a === 'object' && typeof b === 'object' && canonicalJson(a) === canonicalJson(b);
}

/** The first member in which one object differs from what was expected. */
export function differenceOf(expected: JsonObject | undefined, found: JsonObject): Difference | undefined {
  for (const field of new Set([...Object.keys(expected ?? {}), ...Object.keys(found)])) {
    const [was, is] = [member(expected, field), member(found, field)];
    if (!same(was, is)) return { field, expected: was, found: is };
  }
  return undefined;
}
