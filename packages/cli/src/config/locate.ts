/** Where configuration files and data are looked for. */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Io } from '../io.ts';

type Surroundings = Pick<Io, 'env' | 'cwd'>;

export const PROJECT_FILE = 'apikey.toml';

/** A variable that is set to nothing counts as not set. */
export function variable(env: Io['env'], name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

/** The closest `apikey.toml` in the working directory or above it. */
export async function findProjectFile({ cwd }: Surroundings): Promise<string | undefined> {
  for (let directory = cwd; ; directory = dirname(directory)) {
    const path = join(directory, PROJECT_FILE);
    if (isFile(path)) return path;
    if (dirname(directory) === directory) return undefined;
  }
}

export function userFile({ env }: Surroundings): string {
  return join(xdg(env, 'XDG_CONFIG_HOME', '.config'), 'apikey', 'config.toml');
}

export function dataHome(env: Io['env']): string {
  return join(xdg(env, 'XDG_DATA_HOME', join('.local', 'share')), 'apikey');
}

/** A path as a person writes it: relative to `base`, or under the home directory with `~/`. */
export function expandPath(path: string, base: string, env: Io['env']): string {
  return path === '~' || path.startsWith('~/') ? join(home(env), path.slice(2)) : resolve(base, path);
}

export function isFile(path: string): boolean {
  try {
    // Not from `node:fs/promises`, which takes milliseconds to load: every command comes by here.
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The XDG specification has relative paths ignored. */
function xdg(env: Io['env'], name: string, fallback: string): string {
  const value = variable(env, name);
  return value !== undefined && isAbsolute(value) ? value : join(home(env), fallback);
}

function home(env: Io['env']): string {
  return variable(env, 'HOME') ?? homedir();
}
