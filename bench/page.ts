/**
 * `pnpm docs:performance`: writes what the last full run of each benchmark has left into docs/performance.md, between its
 * marks, and draws the pictures beside it. A benchmark without a result is named in its place.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PRICES } from './fleet/costs.ts';
import { RESULTS, type Result } from './harness/item.ts';
import type { Plot } from './harness/outcome.ts';
import { machineText, notes, picture, rowsTable, tableText, titledTable } from './page/markdown.ts';
import { partNames, rewrite } from './page/markers.ts';
import { draw } from './page/pictures.ts';
import { ratiosPlot } from './page/ratios.ts';

const DOCS = join(import.meta.dirname, '..', 'docs');
const PAGE = join(DOCS, 'performance.md');
const PICTURES = join(DOCS, 'performance');

const page = await readFile(PAGE, 'utf8');
const names = partNames(page);
const results = await readResults();
// In the order of the page.
const known = names.flatMap((name) => results.get(name) ?? []);
for (const name of results.keys()) {
  if (!names.includes(name)) process.stderr.write(`warning: docs/performance.md has no place for ${name}\n`);
}

const rows = known.flatMap((result) => result.rows);
const ratios = ratiosPlot(rows);
const plots: Plot[] = [...(rows.length > 0 ? [ratios] : []), ...known.flatMap((result) => result.plots ?? [])];
await mkdir(PICTURES, { recursive: true });
for (const plot of plots) await draw(plot, PICTURES);

const parts: Readonly<Record<string, () => string>> = { head, summary, prices };
await writeFile(
  PAGE,
  rewrite(page, (name) => (parts[name] ?? (() => resultText(name)))()),
);
const missing = names.filter((name) => parts[name] === undefined && !results.has(name));
if (missing.length > 0) process.stderr.write(`warning: without a result: ${missing.join(', ')}\n`);

function head(): string {
  const latest = known.toSorted((a, b) => a.measured.localeCompare(b.measured));
  const machine = latest.at(-1)?.machine;
  if (machine === undefined) return 'Nothing was measured yet.';
  return machineText(
    latest.map(({ measured }) => measured.slice(0, 10)),
    machine,
  );
}

function summary(): string {
  if (rows.length === 0) return 'Nothing was measured yet.';
  const without = names.filter((name) => parts[name] === undefined && !results.has(name));
  const absent = without.length === 0 ? '' : `Without a result yet: ${without.join(', ')}.`;
  return [picture(ratios), rowsTable(rows), absent].filter((text) => text !== '').join('\n\n');
}

function prices(): string {
  const all = Object.values(PRICES.prices).map(({ price, per, source, confirmed }) => [
    `$${price}`,
    per,
    `<${source}>`,
    confirmed,
  ]);
  return `List prices in ${PRICES.region}, looked up on ${PRICES.date}.\n\n${tableText(['price', 'for', 'page', 'how it was confirmed'], all)}`;
}

function resultText(name: string): string {
  const result = results.get(name);
  if (result === undefined) return `Not measured yet: \`pnpm bench ${name}\`.`;
  return [
    rowsTable(result.rows),
    notes(result.rows),
    ...(result.plots ?? []).map((plot) => picture(plot)),
    ...(result.tables ?? []).map((table) => titledTable(table)),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

/** The results of full runs, by the name of the benchmark. */
async function readResults(): Promise<Map<string, Result>> {
  const files = await readdir(RESULTS).catch(() => []);
  const full = files.filter((file) => file.endsWith('.json') && !file.endsWith('.quick.json')).toSorted();
  const read = full.map(
    async (file) => [file.slice(0, -'.json'.length), JSON.parse(await readFile(join(RESULTS, file), 'utf8'))] as const,
  );
  return new Map(await Promise.all(read));
}
