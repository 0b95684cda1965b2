/** Cold starts of a handler, each in a process of its own, timed from outside and from inside. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Way } from '../harness/rounds.ts';

const SCRIPT = join(import.meta.dirname, 'first-decision.mjs');

/** Milliseconds, but for the memory. */
export interface Start {
  /** From before the process was made until it had said what was decided. */
  readonly whole: number;
  /** Node's own start: until the first line of the script. */
  readonly node: number;
  readonly load: number;
  readonly decision: number;
  /** Resident bytes after the decision. */
  readonly rss: number;
}

export interface Handler {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A way that appends to `starts` each time. Rejects where the handler does anything but allow. */
export function coldStart({ file, env }: Handler, starts: Start[]): Way {
  return async (times) => {
    for (let count = 0; count < times; count++) starts.push(await startOnce(file, env));
  };
}

async function startOnce(file: string, env: Readonly<Record<string, string>>): Promise<Start> {
  const began = performance.now();
  const child = spawn(process.execPath, [SCRIPT, file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const line = await Promise.race([once(child.stdout, 'data'), exited.then(() => undefined)]);
  const whole = performance.now() - began;
  const [code] = (await exited) as [number | null];
  if (line === undefined || code !== 0) throw new Error(`${file} did not decide`);
  const said = JSON.parse(String(line[0])) as Record<'began' | 'loaded' | 'decided' | 'rss', number> & {
    effect: string;
  };
  if (said.effect !== 'Allow') throw new Error(`${file} decided ${said.effect}`);
  const { began: node, loaded, decided, rss } = said;
  return { whole, node, load: loaded - node, decision: decided - loaded, rss };
}
