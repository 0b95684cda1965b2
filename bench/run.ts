/**
 * `pnpm bench [--quick] [NAME...]`: runs the benchmarks one after the other, each in a process of its own, and ends with
 * one table. Measures what is built, not the sources.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { quick, RESULTS } from './harness/item.ts';
import type { Row } from './harness/outcome.ts';
import { printRows } from './harness/print.ts';

const ITEMS = [
  'first-sight',
  'known-token',
  'cold-start',
  'command-line',
  'bulk-embedded',
  'bulk-aws',
  'growth',
  'growth-aws',
  'gateway',
  'fleet',
];

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
/** A name stands for all benchmarks that begin with it: `bulk` for `bulk-embedded` and `bulk-aws`. */
const covers = (name: string, item: string): boolean => item === name || item.startsWith(`${name}-`);
const unknown = wanted.filter((name) => !ITEMS.some((item) => covers(name, item)));
if (unknown.length > 0) {
  process.stderr.write(`error: no benchmark ${unknown.join(', ')}\nhint: there are ${ITEMS.join(', ')}\n`);
  process.exit(2);
}

const rows: Row[] = [];
const failed: string[] = [];
for (const name of ITEMS.filter((item) => wanted.length === 0 || wanted.some((given) => covers(given, item)))) {
  process.stdout.write(`\n== ${name}\n`);
  const result = join(RESULTS, `${name}${quick ? '.quick' : ''}.json`);
  // A benchmark that fails must not end in the table of an earlier run.
  await rm(result, { force: true });
  const start = performance.now();
  const child = spawn(
    process.execPath,
    ['--expose-gc', join(import.meta.dirname, 'items', `${name}.ts`), ...(quick ? ['--quick'] : [])],
    { stdio: 'inherit' },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  process.stdout.write(`took ${Math.round((performance.now() - start) / 1000)} s\n`);
  if (code === 0) rows.push(...(JSON.parse(await readFile(result, 'utf8')) as { rows: Row[] }).rows);
  else failed.push(name);
}

process.stdout.write('\n');
printRows(rows);
for (const { item, note } of rows) if (note !== undefined) process.stdout.write(`${item}: ${note}\n`);
if (failed.length > 0) {
  process.stderr.write(`error: did not run to its end: ${failed.join(', ')}\n`);
  process.exit(1);
}
