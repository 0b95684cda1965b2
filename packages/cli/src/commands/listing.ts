/** How listings are printed: a table for people; for programs, tab-separated columns that can be chosen and named. */
import type { FlagValues } from '../command-line/flag-values.ts';
import { suggest } from '../config/suggest.ts';
import { alignedTable, tabSeparated } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { UsageError } from '../usage-error.ts';

/** A column of the lines for programs. */
export interface NamedCell<Row> {
  /** As in JSON. */
  readonly name: string;
  readonly cell: (row: Row) => string;
  /** Only where it is asked for: the others are fixed, and scripts cut them by number. */
  readonly onRequest?: true;
}

export interface Listing<Row> {
  readonly cells: readonly NamedCell<Row>[];
  readonly chosen: boolean;
  readonly header: boolean;
}

/** @throws UsageError */
export function parseListing<Row>(flags: FlagValues, known: readonly NamedCell<Row>[]): Listing<Row> {
  const columns = flags.text('columns');
  const header = flags.on('header');
  if ((columns !== undefined || header) && flags.on('json')) {
    throw new UsageError(`${columns === undefined ? '--header' : '--columns'} and JSON exclude each other`, {
      fix: 'leave one of them out; JSON always names everything',
    });
  }
  if (columns === undefined)
    return { cells: known.filter(({ onRequest }) => onRequest !== true), chosen: false, header };
  return { cells: columns.split(',').map((name) => named(name.trim(), known)), chosen: true, header };
}

function named<Row>(name: string, known: readonly NamedCell<Row>[]): NamedCell<Row> {
  const found = known.find((cell) => cell.name === name);
  if (found !== undefined) return found;
  const names = known.map((cell) => cell.name);
  const meant = suggest(name, names);
  throw new UsageError(name === '' ? '--columns names a column without a name' : `there is no column ${name}`, {
    why: `known: ${names.join(', ')}`,
    fix:
      meant === undefined ? 'write them like this: --columns ' + names.slice(0, 3).join(',') : `did you mean ${meant}?`,
    code: 'INVALID_INPUT',
  });
}

/** The lines of a listing, or of a part of it; `table` makes those for people who chose no columns. */
export function listingLines<Row>(
  rows: readonly Row[],
  { cells, chosen, header }: Listing<Row>,
  terminal: Terminal,
  table: () => readonly string[],
): readonly string[] {
  if (terminal.isTTY && !chosen) return table();
  if (terminal.isTTY) {
    return alignedTable(
      rows,
      cells.map(({ name, cell }) => ({ title: name, cell })),
      terminal,
    );
  }
  const lines = tabSeparated(
    rows,
    cells.map(({ cell }) => cell),
  );
  return header ? [cells.map(({ name }) => name).join('\t'), ...lines] : lines;
}

/** A listing without rows still has a header, where one is asked for. */
export function printEmpty<Row>(listing: Listing<Row>, terminal: Terminal): void {
  if (listing.header && !terminal.isTTY && !terminal.json)
    terminal.print(listingLines([], listing, terminal, () => []).join(''));
}
