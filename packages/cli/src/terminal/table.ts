/** Tables: aligned with a header for people, tab-separated without one for programs. */
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { clip, width } from './width.ts';

export { clip, width } from './width.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Applied after alignment, so that colours never count as width. */
  readonly paint?: (text: string, row: Row) => string;
  /** The cell where there is no room for all of it, in place of a cut one: the beginning of an id. */
  readonly short?: (cell: string) => string;
  /** Never cut, and left out last. */
  readonly keep?: true;
}

const GAP = '  ';
/** A column gives way down to so many cells, before others are left out; in the end down to fewer. */
const LEAST = 8;
const LEAST_OF_ALL = 3;

/** A column with its cells, the title first, and the width that it gets. */
interface Shown<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly cellWidth: number;
}

/**
 * Lines of equal columns under a header, none of them wider than the terminal. The last column gives way first, then
 * ids are shortened, the widest columns are cut, and columns are left out from the right.
 */
export function alignedTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { style, columns: available }: { readonly style: Style; readonly columns: number },
): string[] {
  const shown = fitted(
    columns.map((column) => measured(column, rows, column.cell)),
    rows,
    available,
  );
  const line = (index: number, paint: (text: string, column: Column<Row>) => string): string =>
    shown
      .map(({ column, cells, cellWidth }, at) => {
        const text = clip(cells[index] ?? '', cellWidth, style.symbols.more);
        const padding = at === shown.length - 1 ? '' : ' '.repeat(cellWidth - width(text));
        return paint(text, column) + padding;
      })
      .join(GAP)
      .trimEnd();
  return [
    line(0, (text) => style.bold(text)),
    ...rows.map((row, index) => line(index + 1, (text, { paint }) => paint?.(text, row) ?? text)),
  ];
}

/** Cells that lines of these columns take. */
export function tableWidth<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): number {
  return total(columns.map((column) => measured(column, rows, column.cell)));
}

function measured<Row>(column: Column<Row>, rows: readonly Row[], cell: (row: Row) => string): Shown<Row> {
  const cells = [column.title.toUpperCase(), ...rows.map((row) => printable(cell(row)))];
  return { column, cells, cellWidth: Math.max(...cells.map(width)) };
}

function total(shown: readonly { readonly cellWidth: number }[]): number {
  return shown.reduce((sum, { cellWidth }) => sum + cellWidth + GAP.length, -GAP.length);
}

function fitted<Row>(all: readonly Shown<Row>[], rows: readonly Row[], available: number): readonly Shown<Row>[] {
  const last = all.at(-1);
  if (last === undefined || total(all) <= available) return all;
  let shown = all;
  if (last.column.keep !== true) {
    const least = Math.max(last.column.title.length, last.cellWidth - (total(all) - available));
    shown = [...all.slice(0, -1), { ...last, cellWidth: Math.min(last.cellWidth, least) }];
  }
  if (total(shown) > available) {
    shown = shown.map((it) => {
      const { short, cell } = it.column;
      return short === undefined ? it : measured(it.column, rows, (row) => short(cell(row)));
    });
  }
  shown = narrowed(shown, available, LEAST);
  while (total(shown) > available && shown.length > 1) {
    const dispensable = shown.findLastIndex(({ column }, index) => index > 0 && column.keep !== true);
    if (dispensable === -1) break;
    shown = shown.filter((_, index) => index !== dispensable);
  }
  shown = narrowed(shown, available, LEAST_OF_ALL);
  return total(shown) <= available ? shown : onlyKept(shown, available);
}

/** Takes cells from the widest column that may be cut, one by one. */
function narrowed<Row>(shown: readonly Shown<Row>[], available: number, least: number): readonly Shown<Row>[] {
  const widths = shown.map(({ cellWidth }) => cellWidth);
  for (let excess = total(shown) - available; excess > 0; excess -= 1) {
    const cuttable = widths.map((cellWidth, index) =>
      shown[index]?.column.keep === true || cellWidth <= least ? 0 : cellWidth,
    );
    const widest = Math.max(...cuttable);
    if (widest === 0) break;
    const at = cuttable.lastIndexOf(widest);
    widths[at] = widest - 1;
  }
  return shown.map((it, index) => ({ ...it, cellWidth: widths[index] ?? it.cellWidth }));
}

/** Where not even a date has room beside an id. */
function onlyKept<Row>(shown: readonly Shown<Row>[], available: number): readonly Shown<Row>[] {
  const kept = shown.find(({ column }) => column.keep === true) ?? shown[0];
  return kept === undefined ? [] : [{ ...kept, cellWidth: Math.min(kept.cellWidth, Math.max(1, available)) }];
}

export function tabSeparated<Row>(rows: readonly Row[], cells: readonly ((row: Row) => string)[]): string[] {
  return rows.map((row) => cells.map((cell) => printable(cell(row))).join('\t'));
}
