/** Whole processes on a registry: how long they take, and the most memory that they held at a time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { BIN } from '../harness/built-command.ts';
import type { EmbeddedRegistry } from './embedded.ts';

const REPORT = join(import.meta.dirname, 'report-memory.cjs');
const DECIDE = join(import.meta.dirname, 'decide.ts');

export const PROCESSES = ['issue', 'show', 'revoke', 'list --client', 'expiring', 'decisions'] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** What runs for the `n`-th time. */
export const COMMANDS: Readonly<Record<ProcessName, (registry: EmbeddedRegistry, n: number) => readonly string[]>> = {
  issue: (registry, n) => [BIN, 'issue', '--client', registry.anyClient(n)],
  show: (registry, n) => [BIN, 'show', registry.realToken(n).record.jti],
  revoke: (registry) => [BIN, 'revoke', registry.toRevoke().record.jti, '--yes'],
  'list --client': (registry, n) => [BIN, 'list', '--client', registry.comparable(n)],
  expiring: () => [BIN, 'expiring'],
  decisions: ({ dataDir, tokensFile }) => [DECIDE, dataDir, tokensFile],
};

/** 11: there is something to do, which is what `expiring` finds. */
const FINE: ReadonlySet<unknown> = new Set([0, 11]);

/** Runs it to its end, and answers with the peak of its memory in MB. */
export async function runProcess({ home, dataDir }: EmbeddedRegistry, command: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ['--require', REPORT, ...command], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, APIKEY_DATA_DIR: dataDir },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  let report = '';
  child.stdio[3]?.on('data', (text: Buffer) => (report += text.toString()));
  const [code] = await once(child, 'close');
  if (!FINE.has(code)) throw new Error(`${command.join(' ')} ended with ${code}: ${complaint}`);
  if (report === '') throw new Error('the process did not say how much memory it held: /proc is needed');
  return Number(report) / 1024;
}
