import { describe, expect, it } from 'vitest';
import { PLAIN } from './style.ts';
import { ASCII } from './symbols.ts';
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

const WORDS = ['a', '日本語', '👩🏽‍🚀', 'e\u0301', 'ﾊﾟ', 'ｱ', '한글', 'नमस्ते', '2️⃣', '❤️', 'long words of some text', ''];

describe('at every width', () => {
  const wide: readonly Column<readonly string[]>[] = [
    { title: 'id', cell: ([id = '']) => id, short: (id) => id.slice(0, 8) },
    { title: 'client', cell: ([, client = '']) => client },
    { title: 'ends', cell: () => '2027-02-01', keep: true },
    { title: 'scopes', cell: ([, , scopes = '']) => scopes },
    { title: 'note', cell: ([, , , note = '']) => note },
  ];
  const id = '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11';
  const rows = WORDS.map((word, n) => [id, word.repeat(n % 4), word.repeat((n * 7) % 5), word.repeat((n * 3) % 9)]);

  it.each([1, 2, 3, 4, 5])(
    'no line is wider than the terminal, and the date is the last to go: %i columns',
    (count) => {
      const columns = wide.slice(0, count);
      for (let available = 1; available <= 220; available += 1) {
        const lines = alignedTable(rows, columns, { style: PLAIN, columns: available });
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) expect(width(line)).toBeLessThanOrEqual(available);
        if (count < 3 || available < 10) continue;
        for (const line of lines.slice(1)) expect(line).toContain('2027-02-01');
        if (available >= 20) for (const line of lines.slice(1)) expect(line).toMatch(/^3f0e8a52/);
      }
    },
  );

  it('cuts with what the locale has', () => {
    const style = { ...PLAIN, symbols: ASCII };
    const [, line] = alignedTable([['a', 'a long note that does not fit']], COLUMNS, { style, columns: 16 });
    expect(line).toBe('\u001B[1ma\u001B[22m     a long ...');
  });
});

it.each([
  ['abc', 3],
  ['日本語', 6],
  ['ｱ', 1],
  ['한글', 4],
  ['👩🏽‍🚀', 2],
  ['❤️', 2],
  ['2️⃣', 2],
  ['e\u0301', 1],
  ['Ａ', 2],
  ['\u3000', 2],
  ['𠀀', 2],
  ['é', 1],
  ['\u001B[31mab\u001B[39m', 2],
])('%s takes %i cells', (text, cells) => {
  expect(width(text)).toBe(cells);
});

it('clip never gives more cells than it has', () => {
  for (const word of WORDS) {
    for (let cells = 0; cells < 12; cells += 1) {
      expect(width(clip(word.repeat(3), cells))).toBeLessThanOrEqual(cells);
      expect(width(clip(word.repeat(3), cells, '...'))).toBeLessThanOrEqual(cells);
    }
  }
});

it('clip counts what people see', () => {
  expect(clip('abc', 3)).toBe('abc');
  expect(clip('abcd', 3)).toBe('ab…');
  expect(clip('日本語', 4)).toBe('日…');
});
