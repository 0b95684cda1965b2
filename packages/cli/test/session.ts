/** Runs the real program inside a test: memory for its streams, its own home directory, and a clock that stands still. */
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Io, Output } from '../src/io.ts';
import { main } from '../src/main.ts';

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  /** All three streams are terminals. */
  readonly tty?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Writing to standard output fails with this system error code. */
  readonly stdoutFails?: string;
  /** Standard output takes everything, but forcing it to disk fails with this. */
  readonly syncFails?: string;
  /** Standard output is the null device. */
  readonly stdoutDiscards?: boolean;
  readonly interrupted?: AbortSignal;
}

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** 2026-11-20T12:00:00Z */
const START = 1_795_176_000_000;

export class Session implements Disposable {
  readonly home: string = mkdtempSync(join(tmpdir(), 'apikey-cli-'));
  readonly cwd: string = join(this.home, 'work');
  /** Epoch milliseconds. */
  now: number = START;

  constructor() {
    mkdirSync(this.cwd);
  }

  get dataDir(): string {
    return join(this.home, '.local', 'share', 'apikey', 'local');
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
    const { tty = false, columns = 100, env = {} } = options;
    const [stdout, stderr] = [new MemoryOutput(options), new MemoryOutput({ tty, columns })];
    const io: Io = {
      stdin: { isTTY: tty, stream: () => Readable.from([Buffer.from(options.stdin ?? '')]) },
      stdout,
      stderr,
      env: { HOME: this.home, TERM: 'xterm-256color', ...env },
      cwd: options.cwd ?? this.cwd,
      clock: { now: () => this.now },
      delay: {
        wait: async (milliseconds) => {
          this.now += milliseconds;
        },
      },
      interrupted: options.interrupted ?? new AbortController().signal,
    };
    const code = await main(argv, io);
    return { code, stdout: stdout.text, stderr: stderr.text };
  }

  /** Issues a token and gives it back. */
  async issue(...flags: readonly string[]): Promise<{ readonly token: string; readonly jti: string }> {
    const { code, stdout, stderr } = await this.run(['issue', ...flags, '--json']);
    if (code !== 0) throw new Error(stderr);
    const { token, jti }: { token: string; jti: string } = JSON.parse(stdout);
    return { token, jti };
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

class MemoryOutput implements Output {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly discards: boolean;
  readonly #writeFailure: string | undefined;
  readonly #syncFailure: string | undefined;
  text = '';

  constructor({ tty = false, columns = 100, stdoutFails, syncFails, stdoutDiscards = false }: RunOptions) {
    this.isTTY = tty;
    this.columns = columns;
    this.discards = stdoutDiscards;
    this.#writeFailure = stdoutFails;
    this.#syncFailure = syncFails;
  }

  write(text: string): void {
    fail(this.#writeFailure);
    this.text += text;
  }

  sync(): void {
    fail(this.#syncFailure);
  }
}

function fail(code: string | undefined): void {
  if (code !== undefined) throw Object.assign(new Error(`${code}: write`), { code });
}

/** The one object of a `--json` error. */
export function errorOf(result: Result): {
  readonly code: string;
  readonly message: string;
  readonly why: string | null;
  readonly fix: string | null;
  readonly retryable: boolean;
} {
  const parsed: { error: ReturnType<typeof errorOf> } = JSON.parse(result.stderr);
  return parsed.error;
}
