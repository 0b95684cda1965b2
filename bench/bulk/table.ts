/** One table of DynamoDB in memory: items by their two keys, and by the two keys of its index. */
import { Refusal } from './aws-service.ts';
import type { Item } from './expressions.ts';

/** The names of a partition key and a sort key, both texts. */
export interface KeyNames {
  readonly partition: string;
  readonly sort: string;
}

type Partition = Map<string, Item>;

export class Table {
  readonly keys: KeyNames;
  readonly index: KeyNames;
  readonly #items = new Map<string, Partition>();
  readonly #indexed = new Map<string, Partition>();

  constructor(keys: KeyNames, index: KeyNames) {
    this.keys = keys;
    this.index = index;
  }

  get(key: Item): Item | undefined {
    return this.#items.get(textOf(key, this.keys.partition))?.get(textOf(key, this.keys.sort));
  }

  put(item: Item): void {
    const [partition, sort] = [textOf(item, this.keys.partition), textOf(item, this.keys.sort)];
    const before = this.get(item);
    entry(this.#items, partition).set(sort, item);
    const name = this.nameOf(item);
    if (before?.[this.index.partition]?.S !== undefined) {
      entry(this.#indexed, textOf(before, this.index.partition)).delete(name);
    }
    if (item[this.index.partition]?.S !== undefined && item[this.index.sort]?.S !== undefined) {
      entry(this.#indexed, textOf(item, this.index.partition)).set(name, item);
    }
  }

  /** The items of a partition, of the table or of its index, by ascending sort key. */
  partition(of: 'table' | 'index', name: string): Item[] {
    const found = (of === 'table' ? this.#items : this.#indexed).get(name) ?? new Map<string, Item>();
    return [...found.values()].toSorted((a, b) => (this.placeOf(of, a) < this.placeOf(of, b) ? -1 : 1));
  }

  /** Where an item is in its partition: in an index, several may have one sort key. */
  placeOf(of: 'table' | 'index', item: Item): string {
    return of === 'table' ? textOf(item, this.keys.sort) : `${textOf(item, this.index.sort)}\0${this.nameOf(item)}`;
  }

  /** What no two items share. */
  nameOf(item: Item): string {
    return `${textOf(item, this.keys.partition)}\0${textOf(item, this.keys.sort)}`;
  }
}

function entry(map: Map<string, Partition>, name: string): Partition {
  const known = map.get(name);
  if (known !== undefined) return known;
  const made: Partition = new Map();
  map.set(name, made);
  return made;
}

function textOf(item: Item, name: string): string {
  const text = item[name]?.S;
  if (text === undefined || text === '') throw new Refusal('ValidationException', `no key attribute ${name}`);
  return text;
}
