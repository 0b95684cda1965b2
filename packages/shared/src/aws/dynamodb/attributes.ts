/** JSON documents as DynamoDB attributes and back: native types, so that the console shows what is stored. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Json } from '../../domain/records.ts';

/** One item as DynamoDB takes and gives it. */
export type Item = Record<string, AttributeValue>;

/** What DynamoDB's numbers can hold; JSON's go further. */
const LARGEST = 9.99e125;
const SMALLEST = 1e-130;

/** The members of a document as attributes; those that are `undefined` are left out. Throws `TypeError` for what is no JSON. */
export function toAttributes(document: object): Item {
  const members = Object.entries(document).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members.map(([name, value]) => [name, toAttribute(value)]));
}

function toAttribute(value: unknown): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') return { N: numberText(value) };
  if (Array.isArray(value)) return { L: value.map((element: unknown) => toAttribute(element)) };
  if (typeof value === 'object') return { M: toAttributes(value) };
  throw new TypeError(`DynamoDB stores no ${typeof value}`);
}

function numberText(value: number): string {
  const size = Math.abs(value);
  const fits = value === 0 || (size >= SMALLEST && size <= LARGEST);
  if (!fits) throw new TypeError('DynamoDB stores no such number');
  return String(value);
}

/**
 * The document that an item holds. A type that `toAttributes` does not write becomes `undefined`, which no parser of a
 * record takes for anything.
 */
export function fromAttributes(item: Item): Record<string, Json | undefined> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, fromAttribute(value)]));
}

function fromAttribute(value: AttributeValue): Json | undefined {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.NULL !== undefined) return null;
  if (value.L !== undefined) return list(value.L);
  return value.M === undefined ? undefined : map(value.M);
}

function list(values: readonly AttributeValue[]): Json | undefined {
  const members = values.map(fromAttribute).filter((member) => member !== undefined);
  return members.length === values.length ? members : undefined;
}

function map(item: Item): Json | undefined {
  const members = Object.entries(item).map(([name, value]) => [name, fromAttribute(value)] as const);
  const known = members.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined);
  return known.length === members.length ? Object.fromEntries(known) : undefined;
}
