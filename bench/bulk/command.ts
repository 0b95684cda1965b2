/** The built command as a process of its own, in an empty home, and how long a bulk issue takes in it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { BIN } from '../harness/built-command.ts';

export interface CommandRun {
  /** From the start of the process to its end. */
  readonly millis: number;
  /** What it told its user. */
  readonly stderr: string;
}

export interface Runtime {
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One home directory; gone when it is disposed of. */
export class CommandHome implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'apikey-bulk-'));
  readonly dataDir: string = join(this.path, 'data');
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = env;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** A file that asks for `tokens` tokens of `clients` clients, one after the other in turns. */
  writeRequests(name: string, tokens: number, clients: number): void {
    const lines = Array.from({ length: tokens }, (_, n) => `client-${n % clients},90d,plans:read\n`);
    writeFileSync(this.file(name), `client,ttl,scope\n${lines.join('')}`);
  }

  /** Defines an environment in AWS. */
  configure(name: string, { registry, keys }: { readonly registry: string; readonly keys: string }): void {
    const lines = [
      `[envs.${name}]`,
      `registry = "${registry}"`,
      `keys = "${keys}"`,
      'issuer = "https://issuer.example.test"',
      'audience = "https://api.example.test"',
    ];
    writeFileSync(this.file('apikey.toml'), `${lines.join('\n')}\n`);
  }

  /** Runs the command; it has to succeed. */
  async run(args: readonly string[], { nodeFlags = [], env = {} }: Runtime = {}): Promise<CommandRun> {
    const start = performance.now();
    const child = spawn(process.execPath, [...nodeFlags, BIN, ...args], {
      cwd: this.path,
      env: { PATH: process.env['PATH'], HOME: this.path, APIKEY_DATA_DIR: this.dataDir, ...this.#env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = await once(child, 'close');
    const millis = performance.now() - start;
    if (code !== 0) throw new Error(`apikey ${args.join(' ')} ended with ${code}: ${stderr}`);
    return { millis, stderr };
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
