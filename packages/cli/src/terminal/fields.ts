/** Blocks of names and values, one pair a line, as `issue`, `show` and `config show` print them. */
import { printable } from './printable.ts';
import type { Style } from './style.ts';

/** A name with its value; pairs without a value are left out. */
export type Field = readonly [name: string, value: string | undefined];

const INDENT = '  ';

export function fieldLines(fields: readonly Field[], style: Style, indent: string = INDENT): string[] {
  const known = fields.filter((field): field is readonly [string, string] => field[1] !== undefined);
  const nameWidth = Math.max(0, ...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${indent}${style.dim(name.padEnd(nameWidth))}  ${printable(value)}`);
}
