/** Where the registry's file is, which file that is, and how it comes to be there. */
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidStateError } from '../ports/errors.ts';
import { makeDirectory, syncDirectory } from './durable-files.ts';
import { errnoOf } from './file-errors.ts';

export function registryPath(dataDir: string): string {
  return join(dataDir, 'registry.db');
}

/** Tells files apart without opening them: to close any descriptor of a database drops SQLite's locks on it. */
export function identify(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile()) throw inItsPlace('the registry is not a file', path);
  return `${stats.dev}:${stats.ino}`;
}

export function isAt(path: string, identity: string): boolean {
  try {
    return identify(path) === identity;
  } catch {
    return false;
  }
}

/** Makes an empty file, with the permissions that SQLite then gives to the files beside it; one that exists is kept. */
export function createDatabaseFile(dataDir: string): void {
  const path = registryPath(dataDir);
  if (existsSync(path)) return;
  requireDirectory(dataDir);
  makeDirectory(dataDir);
  requireNoLog(path);
  try {
    closeSync(openSync(path, 'wx', 0o600));
    syncDirectory(dataDir);
  } catch (error) {
    // Another process was faster.
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

/** SQLite would remove a log without its registry, and with it the newest commits of a registry that was moved away. */
function requireNoLog(path: string): void {
  const logged = ['-wal', '-shm'].some((suffix) => existsSync(path + suffix));
  // Asked last, since another process may just have made all of them.
  if (!logged || existsSync(path)) return;
  throw new InvalidStateError('STORE_DAMAGED', 'the registry file is missing, but its write-ahead log is here', {
    why: `${path} was moved away or deleted while it was in use`,
    fix: `put it back; to begin anew, move ${path}-wal and ${path}-shm elsewhere and keep them: they may hold the newest changes`,
  });
}

/** Refuses a data directory that is something else. */
export function requireDirectory(dataDir: string): void {
  if (statSync(dataDir, { throwIfNoEntry: false })?.isDirectory() !== false) return;
  throw inItsPlace('the data directory is not a directory', dataDir);
}

function inItsPlace(message: string, path: string): InvalidStateError {
  return new InvalidStateError('STORE_FOREIGN', message, {
    why: `${path} is something else`,
    fix: 'choose another data directory, or move away what is in its place',
  });
}
