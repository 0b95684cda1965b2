/** Installs pinned Python packages into a virtual environment under the git-ignored `.cache/`, once per set of pins. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from './lock.ts';

const run = promisify(execFile);

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const CACHE = join(import.meta.dirname, '..', '..', '.cache', 'emulator');
const INSTALL_TIMEOUT = 300_000;
/** The oldest Python that every pinned wheel exists for. `ensurepip` is what Debian keeps in python3-venv. */
const SUITS = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else 1)';

/** The packages cannot be had on this machine; the message says why. */
export class PythonUnavailable extends Error {
  override readonly name = 'PythonUnavailable';
}

/** The emulator cannot be had on this machine; the message says why. */
export class EmulatorUnavailable extends Error {
  override readonly name = 'EmulatorUnavailable';
}

/** Installs the emulator if needed and returns the path of its Python. */
export async function installEmulator(): Promise<string> {
  try {
    return await installPinned(REQUIREMENTS, CACHE);
  } catch (error) {
    if (!(error instanceof PythonUnavailable)) throw error;
    throw new EmulatorUnavailable(`MiniStack: ${error.message}`, { cause: error });
  }
}

/**
 * Installs if needed and returns the path of the virtual environment's Python.
 *
 * @param requirements file of pins with hashes
 * @param cache folder of the virtual environments for it
 */
export async function installPinned(requirements: string, cache: string): Promise<string> {
  const pins = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const home = join(cache, pins);
  const python = join(home, 'bin', 'python');
  const done = join(home, '.installed');
  if (existsSync(done)) return python;
  mkdirSync(cache, { recursive: true });
  await withLock(`${home}.lock`, INSTALL_TIMEOUT, async () => {
    if (existsSync(done)) return;
    // What a killed installation left behind.
    rmSync(home, { recursive: true, force: true });
    await install(requirements, home, python);
    writeFileSync(done, '');
  });
  return python;
}

async function install(requirements: string, home: string, python: string): Promise<void> {
  const base = await findPython();
  try {
    await run(base, ['-m', 'venv', home], { timeout: INSTALL_TIMEOUT });
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--quiet', '--retries', '2'];
    const pinned = ['--require-hashes', '--only-binary', ':all:', '-r', requirements];
    await run(python, [...pip, ...pinned], { timeout: INSTALL_TIMEOUT });
  } catch (cause) {
    throw new PythonUnavailable(`the packages could not be installed: ${lastLine(cause)}`, { cause });
  }
}

async function findPython(): Promise<string> {
  for (const candidate of ['python3', '/usr/bin/python3', 'python']) {
    try {
      await run(candidate, ['-c', SUITS], { timeout: 20_000 });
      return candidate;
    } catch {
      // The next one may do.
    }
  }
  throw new PythonUnavailable('no Python 3.10 or later with the venv module (on Debian: python3-venv) was found');
}

function lastLine(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  return text.trim().split('\n').at(-1) ?? '';
}
