/** The prebuilt function, built into a folder of its own and run as Lambda runs it: a process, variables, events. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BUILD = fileURLToPath(new URL('../build-function.mjs', import.meta.url));

export interface BuiltFunction extends AsyncDisposable {
  readonly folder: string;
  /** The file that Lambda would load. */
  readonly entry: string;
}

export async function buildFunction(): Promise<BuiltFunction> {
  const home = await mkdtemp(join(tmpdir(), 'apikey-function-'));
  const folder = join(home, 'function');
  await run(process.execPath, [BUILD, folder]);
  return {
    folder,
    entry: join(folder, 'index.mjs'),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}

export interface Invoked {
  /** What each event was answered with, or the error's name and message. */
  readonly answers: readonly unknown[];
  /** What the function wrote, line by line. */
  readonly lines: readonly string[];
}

/** Each event goes to one export, in turn. Rejects, with what was written to stderr, where the function does not start. */
export async function invoke(
  entry: string,
  env: Readonly<Record<string, string>>,
  events: readonly (readonly [name: 'rest' | 'http' | 'handler', event: object])[],
  nodeArguments: readonly string[] = [],
): Promise<Invoked> {
  const script = `
    const handlers = await import(${JSON.stringify(entry)});
    const answers = [];
    for (const [name, event] of JSON.parse(process.env.EVENTS)) {
      answers.push(await handlers[name](event).catch((error) => error.name + ': ' + (error.code ?? error.message)));
    }
    process.stdout.write('\\n' + JSON.stringify(answers));`;
  const { stdout } = await run(process.execPath, [...nodeArguments, '--input-type=module', '--eval', script], {
    env: { ...env, EVENTS: JSON.stringify(events) },
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  const answers: unknown = JSON.parse(lines.pop() ?? '[]');
  return { answers: Array.isArray(answers) ? answers : [], lines };
}
