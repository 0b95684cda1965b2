/** Where configuration files and data are looked for. */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { InvalidValueError } from '@apikey/shared';
import type { Io } from '../io.ts';

type Surroundings = Pick<Io, 'env' | 'cwd'>;

export const PROJECT_FILE = 'apikey.toml';

/** A variable that is set to nothing counts as not set. */
export function variable(env: Io['env'], name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

/** The closest `apikey.toml` in the working directory or above it. */
export function findProjectFile({ cwd }: Pick<Surroundings, 'cwd'>): string | undefined {
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

const SHELL_VARIABLE = /(?:^|\/)(\$(?:\{\w+\}|[A-Za-z_]\w*))/;
const HOME_OF_OTHERS = /^~[^/]+/;

/**
 * A path as a person writes it: relative to `base`, or under the home directory with `~/`. What only a shell replaces
 * is refused: it would become the name of a directory.
 */
export function expandPath(path: string, base: string, env: Io['env']): string {
  const name = SHELL_VARIABLE.exec(path)?.[1];
  if (name !== undefined) {
    throw new InvalidValueError('CONFIG_INVALID', 'this path holds a variable', {
      why: `${name} is not replaced here: only ~ is`,
      fix: /^\$\{?HOME\b/.test(name) ? `use ~ in place of ${name}` : `write out what ${name} stands for, or use ~`,
    });
  }
  const other = HOME_OF_OTHERS.exec(path)?.[0];
  if (other !== undefined) {
    throw new InvalidValueError('CONFIG_INVALID', 'this path begins with the home directory of a user', {
      why: `${other} is not replaced here: only ~ is`,
      fix: `write out the path; a directory that is named so is ./${other}`,
    });
  }
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
