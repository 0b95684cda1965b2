/** Files that are there completely or not at all, whatever stops the process or the machine. */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errnoOf } from './file-errors.ts';

/** Makes a directory entry durable. Windows cannot, and does not need to. */
export function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(directory, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes a directory that only its owner can enter, and those above it that are missing, durably. */
export function makeDirectory(directory: string): void {
  const path = resolve(directory);
  if (isDirectory(path)) return;
  // One by one: mkdir's own recursion never ends where the kernel refuses everybody, as it does in /proc.
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && isDirectory(path)) return;
    throw error;
  }
  syncDirectory(parent);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Writes a file that only its owner can read, in a directory of the same kind. Throws `EEXIST`, never overwrites. */
export function writeNewFile(path: string, content: string): void {
  const directory = dirname(path);
  makeDirectory(directory);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // Unlike a rename, a link fails if the name is taken.
    linkSync(temporary, path);
  } finally {
    discard(temporary);
  }
  syncDirectory(directory);
}

/** Renames a file within its directory, durably. */
export function renameFile(from: string, to: string): void {
  renameSync(from, to);
  syncDirectory(dirname(to));
}

/** Removes a file durably, if it is there. Returns whether it was. */
export function removeFile(path: string): boolean {
  const removed = discard(path);
  if (removed) syncDirectory(dirname(path));
  return removed;
}

function discard(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
