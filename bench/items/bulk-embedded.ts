/**
 * Item 5, embedded: `apikey issue --from` as a process, from its start to its end, beside what it is made of. The parts
 * run one after the other, each alone: the signatures, their verification, the commits that a run of the command made,
 * and the files.
 */
import { openLocalRegistry } from '@apikey/shared/local';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { commitAll, keyPair, signAll, verifyAll, writeAllFiles, type Issued } from '../bulk/bare-parts.ts';
import { CommandHome } from '../bulk/command.ts';
import type { Transaction } from '../bulk/record-writes.ts';
import { bench, quick, sized } from '../harness/item.ts';
import { digits, spreadText } from '../harness/print.ts';
import { quotients } from '../harness/rounds.ts';
import { spreadOf } from '../harness/spread.ts';

const TOKENS = sized(10_000);
const ROUNDS = 3;
const FROM = ['issue', '--from', 'clients.csv', '--out-dir', 'tokens'];
const PARTS = ['sign', 'verify', 'commits', 'files'] as const;

await bench('bulk-embedded', async () => {
  const issued = await recordRun();
  const ours: number[] = [];
  const parts: Record<(typeof PARTS)[number], number>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // By turns, so that neither is always the one to run on what the other left in the caches.
    if (round % 2 === 0) ours.push(await timeCommand());
    parts.push(await timeParts(issued));
    if (round % 2 === 1) ours.push(await timeCommand());
  }
  const bare = parts.map((times) => PARTS.reduce((sum, name) => sum + times[name], 0));
  const seconds = (millis: readonly number[]) => spreadOf(millis.map((it) => it / 1000));
  const rows = issued.transactions.reduce((sum, { length }) => sum + length, 0);
  return {
    rows: [
      {
        item: `5 bulk, embedded: ${digits(TOKENS)} tokens`,
        unit: 's',
        ours: seconds(ours),
        peer: { name: 'bare parts', value: seconds(bare) },
        ratio: quotients(ours, bare),
        target: { atMost: 2 },
        ...(quick
          ? { note: 'with so few tokens, the start of the process counts for more than it does with 10,000' }
          : {}),
      },
    ],
    tables: [
      {
        title: `The parts of ${digits(TOKENS)} tokens, each alone (${digits(rows)} rows in ${digits(issued.transactions.length)} commits)`,
        columns: ['part', 'seconds'],
        rows: PARTS.map((name) => [name, spreadText(seconds(parts.map((times) => times[name])))]),
      },
    ],
  };
});

/** One run that is not timed, to see what it writes. */
async function recordRun(): Promise<Issued> {
  using home = new CommandHome();
  home.writeRequests('clients.csv', TOKENS, TOKENS);
  const recorder = join(import.meta.dirname, '..', 'bulk', 'record-writes.ts');
  await home.run(FROM, { nodeFlags: ['--import', recorder], env: { APIKEY_BENCH_WRITES: home.file('writes.json') } });
  const transactions = JSON.parse(readFileSync(home.file('writes.json'), 'utf8')) as Transaction[];
  const names = readdirSync(home.file('tokens'));
  const tokens = names.map((name) => readFileSync(join(home.file('tokens'), name), 'utf8').trim());
  if (tokens.length !== TOKENS) throw new Error(`${tokens.length} tokens instead of ${TOKENS}`);
  return { tokens, transactions };
}

async function timeCommand(): Promise<number> {
  using home = new CommandHome();
  home.writeRequests('clients.csv', TOKENS, TOKENS);
  return (await home.run(FROM)).millis;
}

async function timeParts(issued: Issued): Promise<Record<(typeof PARTS)[number], number>> {
  const { privateKey, publicKey } = keyPair();
  let signatures: Uint8Array[] = [];
  const sign = await millisOf(() => {
    signatures = signAll(issued, privateKey);
  });
  const verify = await millisOf(() => verifyAll(issued, publicKey, signatures));
  return {
    sign,
    verify,
    commits: await inDirectory(async (directory) => {
      // Its tables, empty.
      await openLocalRegistry({ dataDir: directory, create: true }).close();
      return millisOf(() => commitAll(issued, directory));
    }),
    files: await inDirectory((directory) => millisOf(() => writeAllFiles(issued, directory))),
  };
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'apikey-bulk-part-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function millisOf(work: () => void | Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
