/** What the file system's errors mean to a user of the local backend. */
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { AccessDeniedError, InvalidStateError, UnavailableError } from '../ports/errors.ts';

/** The `errno` name of an error that the operating system reported through Node, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const DENIED: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
const IN_THE_WAY: ReadonlySet<string> = new Set(['ENOTDIR', 'EISDIR', 'EEXIST']);

/** Translates an error of `node:fs` about `path`; all others pass. `what` starts the message. */
export function translateFileError(error: unknown, what: string, path: string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const details = { why: `${path}: ${errno}`, cause: error };
  if (FULL.has(errno)) return storeFull(details);
  if (DENIED.has(errno)) {
    return new AccessDeniedError('ACCESS_DENIED', `${what}: permission denied`, {
      ...details,
      fix: `run as the user that owns it, or check the permissions of ${path}`,
    });
  }
  if (IN_THE_WAY.has(errno)) {
    return new InvalidStateError('STORE_FOREIGN', `${what}: something else is in its place`, {
      ...details,
      fix: 'choose another data directory, or move away what is in its place',
    });
  }
  return new UnavailableError(`${what}: it cannot be read or written`, details);
}

export function storeFull(details: { readonly why: string; readonly cause?: unknown }): UnavailableError {
  return new UnavailableError('there is no space left in the data directory', {
    ...details,
    code: 'STORE_FULL',
    fix: 'free some space, then run the command again',
  });
}

/** Whether a small file can no longer be written to a directory, for want of space or quota. */
export function isFull(directory: string): boolean {
  const path = join(directory, `probe-${randomUUID()}.tmp`);
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      // Bigger than what a file system may keep inside of an inode.
      writeSync(file, Buffer.alloc(16_384));
    } finally {
      closeSync(file);
      unlinkSync(path);
    }
    return false;
  } catch (error) {
    return FULL.has(errnoOf(error) ?? '');
  }
}
