/** Hands over a token, or what else is one person's, in a file: complete, on disk and its owner's alone, or not there. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  AccessDeniedError,
  InvalidValueError,
  NotFoundError,
  RefusedError,
  UnavailableError,
  type ApikeyError,
  type TokenSink,
} from '@apikey/shared';
import { systemReason } from '../failure.ts';

const OWNER_ONLY = 0o600;

export function fileSink(path: string, { replace }: { readonly replace: boolean }): TokenSink {
  const file = ownFile(path, { what: 'token', replace });
  return { check: () => file.check(), deliver: (token) => file.write(`${token}\n`) };
}

/** A file of the caller's own, for what others must not read. */
export interface OwnFile {
  /** Throws where `write` would have no chance. */
  check(): Promise<void>;
  write(content: string): Promise<void>;
}

/** @param what the content in one word, for errors: `token`, `report` */
export function ownFile(
  path: string,
  { what, replace }: { readonly what: string; readonly replace: boolean },
): OwnFile {
  return {
    check: () => checkTarget(path, what, replace),
    write: async (content) => {
      try {
        await (replace ? replaceFile(path, content) : createFile(path, content));
        await syncDirectory(dirname(path));
      } catch (error) {
        throw new UnavailableError(`the ${what} could not be written to ${path}`, {
          code: 'DELIVERY_FAILED',
          why: `writing ${path} failed: ${isExisting(error) ? 'it exists by now' : systemReason(error)}`,
          cause: error,
        });
      }
    },
  };
}

async function checkTarget(path: string, what: string, replace: boolean): Promise<void> {
  const directory = dirname(path);
  try {
    if (!(await stat(directory)).isDirectory()) throw notADirectory(directory, what);
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw directoryError(directory, what, error);
  }
  const target = await existing(path);
  if (target === undefined) return;
  // A link is replaced, never followed: one to a device, such as /dev/stdout, was not meant to be.
  const end = target.isSymbolicLink() ? await stat(path).catch(() => undefined) : target;
  if (end?.isFile() === false) {
    throw new InvalidValueError('INVALID_INPUT', `${path} is not a file that a ${what} can be put in`, {
      why: `it is ${target.isSymbolicLink() ? 'a link to ' : ''}${end.isDirectory() ? 'a directory' : 'a device, pipe or socket'}`,
      fix: 'name a new file',
    });
  }
  if (replace) return;
  throw new RefusedError('FILE_EXISTS', `${path} exists`, {
    why: `a ${what} is only written to a new file`,
    fix: 'name another file, or add --force to replace this one',
  });
}

function existing(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  return lstat(path).catch(() => undefined);
}

async function createFile(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', OWNER_ONLY);
  try {
    await file.writeFile(content, 'utf8');
    await file.sync();
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
}

/** Readers see the old file or the new one, never a part. A symbolic link is replaced, not followed. */
async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  await createFile(temporary, content);
  try {
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary);
    throw error;
  }
}

/** A file's name is only durable once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function notADirectory(directory: string, what: string): InvalidValueError {
  return new InvalidValueError('INVALID_INPUT', `${directory} is not a directory`, {
    why: `the ${what} file would have to lie in it`,
    fix: 'name a file in a directory that exists',
  });
}

function directoryError(directory: string, what: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error) || error instanceof InvalidValueError) return error;
  const details = { why: systemReason(error), fix: 'name a file in a directory that you can write to', cause: error };
  const refusals: Readonly<Record<string, () => ApikeyError>> = {
    ENOENT: () => new NotFoundError('FILE_NOT_FOUND', `the directory ${directory} does not exist`, details),
    ENOTDIR: () => notADirectory(directory, what),
  };
  const refusal = typeof error.code === 'string' ? refusals[error.code] : undefined;
  return refusal?.() ?? new AccessDeniedError('ACCESS_DENIED', `cannot write to the directory ${directory}`, details);
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
