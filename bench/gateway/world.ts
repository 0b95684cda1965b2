/** An environment on the embedded backend with live tokens and a revoked one, made by the built command line. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BIN } from '../harness/built-command.ts';

const run = promisify(execFile);

export interface World extends AsyncDisposable {
  readonly env: NodeJS.ProcessEnv;
  /** Files with tokens, one a line. */
  readonly tokens: { readonly one: string; readonly all: string; readonly revoked: string };
  /** The arguments that start a gateway which may rely on a status for so many seconds. */
  readonly gateway: (maxStaleness: number, ...more: readonly string[]) => string[];
}

/** @param count of live tokens */
export async function makeWorld(count: number): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), 'apikey-bench-'));
  const env = { PATH: process.env['PATH'], HOME: home, APIKEY_DATA_DIR: join(home, 'data') };
  const apikey = async (...args: readonly string[]): Promise<void> => {
    await run(process.execPath, [BIN, ...args], { env, cwd: home });
  };
  const file = async (name: string, lines: readonly string[]): Promise<string> => {
    const path = join(home, name);
    await writeFile(path, lines.map((line) => `${line}\n`).join(''));
    return path;
  };

  const lines = Array.from({ length: count + 1 }, (_, n) => `client-${n % 10}`);
  const wanted = await file('clients.csv', ['client', ...lines]);
  await apikey('issue', '--from', wanted, '-o', join(home, 'issued.jsonl'), '-q');
  const issued = (await readFile(join(home, 'issued.jsonl'), 'utf8')).trim().split('\n');
  const [revoked, ...live] = issued.map((line) => JSON.parse(line) as { readonly token: string; readonly jti: string });
  const [first] = live;
  if (revoked === undefined || first === undefined) throw new Error('no tokens were issued');
  await apikey('revoke', revoked.jti, '--yes');

  for (const seconds of [0, STALENESS]) {
    await file(`staleness-${seconds}.toml`, ['[envs.local]', `max_staleness = ${seconds}`]);
  }
  return {
    env,
    tokens: {
      one: await file('one', [first.token]),
      all: await file(
        'all',
        live.map(({ token }) => token),
      ),
      revoked: await file('revoked', [revoked.token]),
    },
    gateway: (maxStaleness, ...more) => {
      const config = join(home, `staleness-${maxStaleness}.toml`);
      return [BIN, 'serve', '--port', '0', '--json', '--config', config, ...more];
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}

/** Seconds for which a warm status is warm. */
export const STALENESS = 5;
