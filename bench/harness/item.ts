/** The frame around every file in `items/`: its size, its result file, and its own table when it is run alone. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { thisMachine, type Machine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import { printRows, printTables } from './print.ts';

/** What a benchmark leaves: its outcome, when it was measured, and where. */
export interface Result extends Outcome {
  /** RFC 3339. */
  readonly measured: string;
  readonly machine: Machine;
}

export const RESULTS: string = join(import.meta.dirname, '..', 'results');

/** True in `pnpm bench:quick`, which takes a twentieth of each size. */
export const quick: boolean = process.argv.includes('--quick');

/** A size: the full one, or its sample in a quick run. */
export function sized(full: number, sample: number = Math.ceil(full / 20)): number {
  return quick ? sample : full;
}

/** Measures, prints what came of it, and leaves it for the run that has started this process. */
export async function bench(name: string, measure: () => Promise<Outcome>): Promise<void> {
  const outcome = await measure();
  await mkdir(RESULTS, { recursive: true });
  const file = join(RESULTS, `${name}${quick ? '.quick' : ''}.json`);
  const result: Result = { measured: new Date().toISOString(), machine: thisMachine(), ...outcome };
  await writeFile(file, `${JSON.stringify(result, undefined, 1)}\n`);
  printTables(outcome.tables ?? []);
  printRows(outcome.rows);
}
