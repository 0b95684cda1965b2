/** Runs a program and gives what it wrote; a failure shows all of it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const start = promisify(execFile);
const BUFFER = 64 * 1024 * 1024;

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** What the program wrote to stdout. Throws with both of its streams where it did not end well. */
export async function run(program: string, args: readonly string[], { cwd, env }: RunOptions): Promise<string> {
  try {
    const { stdout } = await start(program, args, { cwd, env: env ?? process.env, maxBuffer: BUFFER });
    return stdout;
  } catch (error) {
    const streams = ['stdout', 'stderr'].map((name) => textOf(error, name)).filter((text) => text !== '');
    throw new Error([`${program} ${args.join(' ')} failed`, ...streams].join('\n'), { cause: error });
  }
}

function textOf(error: unknown, name: string): string {
  const text: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  return typeof text === 'string' ? text.trim() : '';
}
