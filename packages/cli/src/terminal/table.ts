/** Tables: aligned with a header for people, tab-separated without one for programs. */
import { stripVTControlCharacters } from 'node:util';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Applied after alignment, so that colours never count as width. */
  readonly paint?: (text: string, row: Row) => string;
}

const GAP = '  ';
/** East Asian wide characters and emoji take two cells of a terminal. */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;

const ASCII = /^[\x20-\x7E]*$/;

/** Cells of a terminal that a text takes. */
export function width(text: string): number {
  if (ASCII.test(text)) return text.length;
  let cells = 0;
  for (const segment of characters(stripVTControlCharacters(text))) cells += WIDE.test(segment) ? 2 : 1;
  return cells;
}

/** What people see as characters. The segmenter takes some 15 ms to make, so most runs do without. */
function characters(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

/** Cuts a text to so many cells, with an ellipsis where something is missing. */
export function clip(text: string, cells: number): string {
  if (width(text) <= cells) return text;
  let kept = '';
  for (const segment of characters(text)) {
    if (width(kept + segment) > cells - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Lines of equal columns under a header. The last column gives way when the terminal is too narrow. */
export function alignedTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { style, columns: available }: { readonly style: Style; readonly columns: number },
): string[] {
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row))));
  const widths = columns.map(({ title }, index) =>
    Math.max(width(title), ...cells.map((line) => width(line[index] ?? ''))),
  );
  const used = widths.slice(0, -1).reduce((sum, cellWidth) => sum + cellWidth + GAP.length, 0);
  const last = Math.max(columns.at(-1)?.title.length ?? 0, available - used);
  const line = (texts: readonly string[], paint: (text: string, index: number) => string): string =>
    texts
      .map((text, index) => {
        if (index === texts.length - 1) return paint(clip(text, last), index);
        return paint(text, index) + ' '.repeat((widths[index] ?? 0) - width(text));
      })
      .join(GAP)
      .trimEnd();
  return [
    line(
      columns.map(({ title }) => title.toUpperCase()),
      (text) => style.bold(text),
    ),
    ...rows.map((row, at) => line(cells[at] ?? [], (text, index) => columns[index]?.paint?.(text, row) ?? text)),
  ];
}

export function tabSeparated<Row>(rows: readonly Row[], cells: readonly ((row: Row) => string)[]): string[] {
  return rows.map((row) => cells.map((cell) => printable(cell(row))).join('\t'));
}
