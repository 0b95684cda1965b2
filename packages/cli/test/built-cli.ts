/** Starts the built command as a real process, in a data directory of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../dist/bin.js', import.meta.url));

export interface Outcome {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

/** One environment on disk and the command to work on it; gone when it is disposed of. */
export class BuiltCli implements Disposable {
  readonly home: string = mkdtempSync(join(tmpdir(), 'apikey-built-'));
  readonly dataDir: string = join(this.home, 'data');
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = env;
  }

  start(args: readonly string[], input = ''): Running {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: this.home,
      env: { PATH: process.env['PATH'] ?? '', HOME: this.home, APIKEY_DATA_DIR: this.dataDir, ...this.#env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const outcome = new Promise<Outcome>((resolve, reject) => {
      const streams = { stdout: '', stderr: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => (streams.stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (streams.stderr += text));
      child.on('error', reject).on('close', (code) => resolve({ code, ...streams }));
    });
    // A command that was killed, or that reads nothing, closes its end first.
    child.stdin.on('error', () => {}).end(input);
    return { process: child, outcome };
  }

  run(args: readonly string[], input = ''): Promise<Outcome> {
    return this.start(args, input).outcome;
  }

  /** Runs a command that must succeed, and reads its JSON. */
  async json<T>(args: readonly string[], input = ''): Promise<T> {
    const { code, stdout, stderr } = await this.run([...args, '--json'], input);
    if (code !== 0) throw new Error(`apikey ${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** The full size in `pnpm test:long`, a sample of it otherwise. */
export function sized(sample: number, full: number): number {
  return process.env['APIKEY_TEST_LONG'] === '1' ? full : sample;
}

/** The same numbers in [0, 1) for the same seed (a linear congruential generator: even enough to spread delays). */
export function seededNumbers(seed: number): () => number {
  let state = seed % 2 ** 32;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
