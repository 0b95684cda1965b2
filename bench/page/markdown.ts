/** What was measured, as Markdown. */
import type { Machine } from '../harness/machine.ts';
import type { Plot, Row, Table } from '../harness/outcome.ts';
import { cellsOf, ROW_COLUMNS } from '../harness/print.ts';

export function rowsTable(rows: readonly Row[]): string {
  return tableText(ROW_COLUMNS, rows.map(cellsOf));
}

/** What a reader must know of each row. */
export function notes(rows: readonly Row[]): string {
  return rows.flatMap(({ item, note }) => (note === undefined ? [] : [`- **${item}**: ${note}`])).join('\n');
}

export function titledTable({ title, columns, rows }: Table): string {
  return `**${title}**\n\n${tableText(columns, rows)}`;
}

export function picture({ name, alt }: Pick<Plot, 'name' | 'alt'>): string {
  return `![${alt}](performance/${name}.svg)`;
}

export function tableText(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(columns), `|${columns.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** A day, a machine and its software. `days` are those of all results, ascending. */
export function machineText(days: readonly string[], machine: Machine): string {
  const { cpu, cores, memory, os, node, openssl, apikey, peers } = machine;
  const [first, last] = [days[0], days.at(-1)];
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return tableText(
    ['', ''],
    [
      ['measured', first === last ? `${first}` : `${first} to ${last}`],
      ['machine', `${cpu}, ${cores} cores, ${memory} GiB of memory`],
      ['system', os],
      ['Node', `${node}, OpenSSL ${openssl}`],
      ['apikey', apikey],
      ['beside it', versions.join(', ')],
    ],
  );
}
