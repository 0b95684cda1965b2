/** Tables for a terminal. */
import { meets, type Row, type Table, type Target } from './outcome.ts';
import type { Spread } from './spread.ts';

export const ROW_COLUMNS: readonly string[] = ['item', 'ours', 'best peer', 'ratio', 'target', 'met'];

export function printRows(rows: readonly Row[]): void {
  printTable(ROW_COLUMNS, rows.map(cellsOf));
}

export function printTables(tables: readonly Table[]): void {
  for (const { title, columns, rows } of tables) {
    process.stdout.write(`\n${title}\n`);
    printTable(columns, rows);
  }
}

/** The cells of a row, in the order of `ROW_COLUMNS`. */
export function cellsOf(row: Row): string[] {
  const { item, unit, ours, peer, ratio, target } = row;
  const met = meets(row);
  return [
    item,
    `${spreadText(ours)} ${unit}`.trim(),
    peer === undefined ? '' : `${peer.name} ${spreadText(peer.value)} ${unit}`.trim(),
    ratio === undefined ? '' : spreadText(ratio),
    target === undefined ? '' : targetText(target),
    met === undefined ? '' : met ? 'met' : 'missed',
  ];
}

/** The median, and in brackets the middle half; three significant digits. */
export function spreadText({ median, low, high, count }: Spread): string {
  return count === 1 ? digits(median) : `${digits(median)} (${digits(low)}–${digits(high)})`;
}

export function digits(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString('en-US')
    : value
        .toPrecision(3)
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '');
}

function targetText(target: Target): string {
  return 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
}

function printTable(columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [columns, ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? '').length)));
  const text = lines.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  text.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  process.stdout.write(`${text.join('\n')}\n`);
}
