/** Hands a token over in a file of its own: complete, on disk and readable by its owner alone, or not there at all. */
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
  return {
    check: () => checkTarget(path, replace),
    deliver: async (token) => {
      try {
        await (replace ? replaceFile(path, `${token}\n`) : createFile(path, `${token}\n`));
        await syncDirectory(dirname(path));
      } catch (error) {
        throw new UnavailableError(`the token could not be written to ${path}`, {
          code: 'DELIVERY_FAILED',
          why: `writing ${path} failed: ${isExisting(error) ? 'it exists by now' : systemReason(error)}`,
          cause: error,
        });
      }
    },
  };
}

async function checkTarget(path: string, replace: boolean): Promise<void> {
  const directory = dirname(path);
  try {
    if (!(await stat(directory)).isDirectory()) throw notADirectory(directory);
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw directoryError(directory, error);
  }
  const target = await existing(path);
  if (target === undefined) return;
  if (!target.isFile() && !target.isSymbolicLink()) {
    throw new InvalidValueError('INVALID_INPUT', `${path} is not a file that a token can be put in`, {
      why: target.isDirectory() ? 'it is a directory' : 'it is a device, pipe or socket',
      fix: 'name a new file',
    });
  }
  if (replace) return;
  throw new RefusedError('FILE_EXISTS', `${path} exists`, {
    why: 'a token is only written to a new file',
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

function notADirectory(directory: string): InvalidValueError {
  return new InvalidValueError('INVALID_INPUT', `${directory} is not a directory`, {
    why: 'the token file would have to lie in it',
    fix: 'name a file in a directory that exists',
  });
}

function directoryError(directory: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error) || error instanceof InvalidValueError) return error;
  const details = { why: systemReason(error), fix: 'name a file in a directory that you can write to', cause: error };
  const refusals: Readonly<Record<string, () => ApikeyError>> = {
    ENOENT: () => new NotFoundError('FILE_NOT_FOUND', `the directory ${directory} does not exist`, details),
    ENOTDIR: () => notADirectory(directory),
  };
  const refusal = typeof error.code === 'string' ? refusals[error.code] : undefined;
  return refusal?.() ?? new AccessDeniedError('ACCESS_DENIED', `cannot write to the directory ${directory}`, details);
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
