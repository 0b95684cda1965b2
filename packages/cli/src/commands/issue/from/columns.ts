/** The columns of a file of tokens to issue: CSV headers and JSON members are the same words. */
import { suggest } from '../../../config/suggest.ts';
import { jsonText } from '../../../terminal/printable.ts';

export const COLUMNS = [
  'client',
  'ttl',
  'expires',
  'not_before',
  'scope',
  'audience',
  'alg',
  'note',
  'request_id',
] as const;
export type Column = (typeof COLUMNS)[number];

const OTHER_NAMES: Readonly<Record<string, Column>> = { scopes: 'scope' };

/** `not-before`, `Not_Before` and `notBefore` are the same column. Nothing for a name that is none. */
export function columnOf(name: string): Column | undefined {
  const plain = name
    .trim()
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll('-', '_');
  return COLUMNS.find((column) => column === plain) ?? OTHER_NAMES[plain];
}

/** What is wrong with a name that is no column. */
export function unknownColumn(name: string): string {
  const meant = suggest(name.toLowerCase(), COLUMNS);
  const shown = name.length > 40 ? `${name.slice(0, 40)}...` : name;
  return `${jsonText(shown)} is no column${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

/** One line as it was written: its number, and the texts of each column that it fills. */
export interface Row {
  /** Counted from 1, as an editor does. */
  readonly line: number;
  readonly cells: ReadonlyMap<Column, readonly string[]>;
  /** Why the line cannot be read at all. */
  readonly flaw?: string;
}
