/** Who else may read or write what the embedded backend keeps in files. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemReason } from '../../failure.ts';
import { finding, pass, type Check } from './check.ts';

/** Bits of a mode for anybody but the owner. */
const OTHERS = 0o077;

/** The entries that others can reach, each a finding; one tick if there is none. What is not there is left to other checks. */
export async function checkModes(
  name: string,
  directory: string,
  entries: readonly string[],
): Promise<readonly Check[]> {
  // Windows has access lists in place of modes.
  if (process.platform === 'win32') return [];
  const paths = [directory, ...entries.map((entry) => join(directory, entry))];
  const found = (await Promise.all(paths.map((path) => modeCheck(name, path)))).flat();
  return found.length > 0 ? found : [pass(name, `${directory} is for its owner alone`)];
}

async function modeCheck(name: string, path: string): Promise<Check[]> {
  try {
    const stats = await lstat(path);
    if (stats.isSymbolicLink() || (stats.mode & OTHERS) === 0) return [];
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    const good = stats.isDirectory() ? '0700' : '0600';
    const why = 'other users of this machine can get at it';
    return [finding(name, `${path} has mode ${mode}, expected ${good}`, why, `chmod ${good} ${path}`)];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    return [
      finding(
        name,
        `${path} cannot be looked at`,
        systemReason(error),
        'run doctor as the owner of the data directory',
      ),
    ];
  }
}

/** Names in a directory; none where it does not exist. */
export async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
