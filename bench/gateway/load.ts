/** Servers as processes of their own, and wrk against one of them at a time. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = join(import.meta.dirname, 'load.lua');

export const CONNECTIONS = 16;

export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  /** Time that all of its threads have spent on a core so far, microseconds; NaN where the system does not tell. */
  readonly cpuMicros: () => number;
}

export interface Target {
  /** A server's program and its arguments; its first line of output is JSON with `url`. */
  readonly server: readonly string[];
  /** A file with the tokens to ask with, one a line. */
  readonly tokens: string;
  /** As wrk takes them: `Name: value`. */
  readonly headers?: readonly string[];
  /** True where every request is to be denied; otherwise none may be. */
  readonly denied?: boolean;
}

export interface Load {
  readonly perSecond: number;
  /** Time on a core that the server spent on a request: what the other work of a machine hardly changes. */
  readonly cpuMicros: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** As wrk's script tells it. */
interface Told {
  readonly requests: number;
  readonly micros: number;
  readonly refused: number;
  readonly broken: number;
  readonly p50: number;
  readonly p99: number;
}

/** The first line of `wrk --version`; undefined where there is no wrk. */
export function wrkVersion(): string | undefined {
  const { stdout, error } = spawnSync('wrk', ['--version'], { encoding: 'utf8' });
  return error === undefined ? stdout.split('\n', 1)[0]?.replace(/ Copyright.*/, '') : undefined;
}

export async function startServer(args: readonly string[], env: NodeJS.ProcessEnv): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), closed])) as [unknown];
  if (typeof line !== 'string') throw new Error(`the server ended before it listened: ${args.join(' ')}`);
  // Whoever writes a log is to find a reader.
  lines.on('line', () => {});
  const { url } = JSON.parse(line) as { readonly url: string };
  return {
    url,
    cpuMicros: () => cpuMicrosOf(child.pid),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** Linux counts it in hundredths of a second, in the 14th and 15th field. */
function cpuMicrosOf(pid: number | undefined): number {
  if (process.platform !== 'linux') return Number.NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Throws where an answer was not the one that was to be measured: a server that fails is fast. */
export async function load({ url, cpuMicros }: ServerProcess, target: Target, seconds: number): Promise<Load> {
  const headers = (target.headers ?? []).flatMap((header) => ['-H', header]);
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, ...headers, '-s', SCRIPT, `${url}/authorize`];
  const before = cpuMicros();
  const child = spawn('wrk', [...args, '--', target.tokens], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [written] = await Promise.all([child.stderr.toArray(), once(child, 'close')]);
  const { requests, micros, refused, broken, p50, p99 } = JSON.parse(written.join('')) as Told;
  if (refused !== (target.denied === true ? requests : 0) || broken > 0) {
    throw new Error(`of ${requests} requests ${refused} were refused and ${broken} broken`);
  }
  const spent = (cpuMicros() - before) / requests;
  return { perSecond: (requests / micros) * 1e6, cpuMicros: spent, p50: p50 / 1000, p99: p99 / 1000 };
}
