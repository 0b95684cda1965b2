#!/usr/bin/env node
/** The `apikey` executable: connects the process to `main` and ends with its exit code. */
import { EXIT_CODES } from './exit-codes.ts';
import { main } from './main.ts';
import { processIo } from './process-io.ts';

/** Two signals within this time are one. */
const TWICE_MS = 300;

// The names in the bundle are short: with its maps, a stack has those of the sources.
if (process.argv.includes('--debug')) process.setSourceMapsEnabled(true);

const interruption = new AbortController();
let firstAt = Infinity;
process.on('SIGINT', () => {
  // A second one ends it where it is; some shells and package managers send the first one twice.
  if (performance.now() - firstAt > TWICE_MS) process.exit(EXIT_CODES.interrupted.code);
  firstAt = Math.min(firstAt, performance.now());
  interruption.abort();
});
// Output is written synchronously, so nothing is lost; an open standard input must not keep the process alive.
process.exit(await main(process.argv.slice(2), processIo(interruption.signal)));
