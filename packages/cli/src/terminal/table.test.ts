import { describe, expect, it } from 'vitest';
import { PLAIN } from './style.ts';
import { alignedTable, clip, tabSeparated, width, type Column } from './table.ts';

type Row = readonly [string, string];
const COLUMNS: readonly Column<Row>[] = [
  { title: 'name', cell: ([name]) => name, paint: (text) => `\u001B[1m${text}\u001B[22m` },
  { title: 'note', cell: ([, note]) => note },
];

describe('an aligned table', () => {
  it('lines its columns up, wide characters included, and ignores colours', () => {
    const rows: Row[] = [
      ['a', 'x'],
      ['日本', 'y'],
      ['👩‍🚀', 'z'],
    ];
    const lines = alignedTable(rows, COLUMNS, { style: PLAIN, columns: 80 });
    expect(lines).toEqual([
      'NAME  NOTE',
      '\u001B[1ma\u001B[22m     x',
      '\u001B[1m日本\u001B[22m  y',
      '\u001B[1m👩‍🚀\u001B[22m    z',
    ]);
    expect(new Set(lines.slice(1).map((line) => width(line)))).toEqual(new Set([7]));
  });

  it('clips its last column to the terminal', () => {
    const [, line] = alignedTable([['a', 'a long note that does not fit']], COLUMNS, { style: PLAIN, columns: 16 });
    expect(line).toBe('\u001B[1ma\u001B[22m     a long no…');
  });

  it('lets no stored text move the cursor or break a line', () => {
    const rows: Row[] = [['a\tb', 'c\nd\u001B[2Je']];
    const text = [
      ...alignedTable(rows, COLUMNS.slice(1), { style: PLAIN, columns: 80 }),
      ...tabSeparated(rows, [([name]) => name, ([, note]) => note]),
    ];
    expect(text).toEqual(['NOTE', 'c\u{FFFD}d\u{FFFD}[2Je', 'a\u{FFFD}b\tc\u{FFFD}d\u{FFFD}[2Je']);
  });
});

it('clip counts what people see', () => {
  expect(clip('abc', 3)).toBe('abc');
  expect(clip('abcd', 3)).toBe('ab…');
  expect(clip('日本語', 4)).toBe('日…');
});
