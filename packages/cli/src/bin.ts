#!/usr/bin/env node
/** The `apikey` executable: connects the process to `main` and ends with its exit code. */
import { main } from './main.ts';
import { processIo } from './process-io.ts';

const interruption = new AbortController();
process.on('SIGINT', () => interruption.abort());
// Output is written synchronously, so nothing is lost; an open standard input must not keep the process alive.
process.exit(await main(process.argv.slice(2), processIo(interruption.signal)));
