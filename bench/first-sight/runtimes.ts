/** Other versions of Node, fetched from the package registry when they are first needed and kept beside the benchmarks. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const CACHE = join(import.meta.dirname, '..', '.cache');
const FETCH_MILLIS = 120_000;

export const run: (
  file: string,
  args: string[],
  options: { maxBuffer?: number; timeout?: number },
) => Promise<{
  readonly stdout: string;
  readonly stderr: string;
}> = promisify(execFile);

/** The path of a Node of this major version. Throws an error whose text is the reason where there is none. */
export async function otherNode(major: number): Promise<string> {
  const prefix = join(CACHE, `node-${major}`);
  const path = join(prefix, 'node_modules', 'node', 'bin', 'node');
  if (await runs(path)) return path;
  const args = ['install', '--prefix', prefix, '--no-save', '--no-audit', '--no-fund', `node@${major}`];
  await run('npm', args, { timeout: FETCH_MILLIS });
  if (await runs(path)) return path;
  throw new Error('what was fetched does not run');
}

async function runs(path: string): Promise<boolean> {
  try {
    await access(path);
    await run(path, ['--version'], {});
    return true;
  } catch {
    return false;
  }
}
