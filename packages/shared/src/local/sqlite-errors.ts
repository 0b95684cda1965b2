/** What SQLite's result codes (https://www.sqlite.org/rescode.html) mean to a user of the local backend. */
import { accessSync, constants } from 'node:fs';
import { ApikeyError } from '../domain/errors.ts';
import { AccessDeniedError, InvalidStateError, UnavailableError, type WriteOutcome } from '../ports/errors.ts';
import { isFull, storeFull } from './file-errors.ts';

/** SQLite's extended result code, if the error is one of `node:sqlite`. */
export function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** The low byte of an extended result code names its family. */
export function primaryCode(resultCode: number): number {
  // oxlint-disable-next-line no-bitwise -- that is how SQLite defines it
  return resultCode & 0xff;
}

export const SQLITE_BUSY = 5;
const SQLITE_ERROR = 1;
const SQLITE_PERM = 3;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
const SQLITE_IOERR_WRITE = 778;
const SQLITE_READONLY_DBMOVED = 1032;

/** Where an error happened, as far as its translation depends on it. */
export interface Scene {
  readonly path: string;
  readonly directory: string;
  /** The transaction was being committed, so that it may hold in spite of the error. */
  readonly committing: boolean;
}

/** Translates what `node:sqlite` threw; the port's errors pass, damaged entries become `InvalidStateError`. */
export function translateSqliteError(error: unknown, scene: Scene): unknown {
  if (error instanceof ApikeyError) return error.code === 'STORE_DAMAGED' ? damagedEntry(error) : error;
  const code = resultCodeOf(error);
  if (code === undefined) return error;
  const details = { why: `${scene.path}: ${error instanceof Error ? error.message : code}`, cause: error };
  switch (primaryCode(code)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new UnavailableError('the registry is busy: another process has been writing for too long', {
        ...details,
        fix: 'try again; if it stays busy, look for a process that hangs with the registry open',
      });
    case SQLITE_FULL:
      return storeFull(details);
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return code === SQLITE_READONLY_DBMOVED
        ? new UnavailableError('the registry file was moved away', details)
        : accessDenied(details, scene);
    case SQLITE_CANTOPEN:
      return cannotOpen(details, scene);
    case SQLITE_IOERR:
      return ioError(code, details, scene);
    case SQLITE_NOTADB:
      return new InvalidStateError('STORE_FOREIGN', 'the registry file is not a database', {
        ...details,
        fix: `move ${scene.path} away, or restore it from a backup`,
      });
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:
      return new InvalidStateError('STORE_DAMAGED', 'the registry file is damaged', {
        ...details,
        fix: `restore ${scene.path} from a backup`,
      });
    default:
      return new UnavailableError('the registry cannot be used', details);
  }
}

/** Whether a connection that met this error should be opened anew before it is used again. */
export function spoilsConnection(error: unknown): boolean {
  const code = resultCodeOf(error);
  if (code === undefined) return false;
  return ![SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL].includes(primaryCode(code));
}

interface Details {
  readonly why: string;
  readonly cause: unknown;
}

/** SQLite keeps the `errno` to itself, so that a full disk has to be asked for. */
function ioError(code: number, details: Details, { directory, committing }: Scene): UnavailableError {
  // A frame that could not be written ends the transaction; a failed fsync leaves its fate to the disk.
  const outcome: WriteOutcome = committing && code !== SQLITE_IOERR_WRITE ? 'unknown' : 'not_applied';
  if (outcome === 'not_applied' && isFull(directory)) return storeFull(details);
  return new UnavailableError('the registry file cannot be read or written', {
    ...details,
    outcome,
    fix: 'check the disk, the quota and the limits of this process',
  });
}

/** Of a refusal, a full disk and a lack of file descriptors SQLite only says that it could not open. */
function cannotOpen(details: Details, scene: Scene): AccessDeniedError | UnavailableError {
  if (isFull(scene.directory)) return storeFull(details);
  try {
    accessSync(scene.path, constants.R_OK);
    accessSync(scene.directory, constants.W_OK);
  } catch {
    return accessDenied(details, scene);
  }
  return new UnavailableError('the registry file cannot be opened', details);
}

function accessDenied(details: Details, { path, directory }: Scene): AccessDeniedError {
  return new AccessDeniedError('ACCESS_DENIED', 'the registry: permission denied', {
    ...details,
    fix: `run as the user that owns ${path}, with write access to ${directory}`,
  });
}

function damagedEntry(error: ApikeyError): InvalidStateError {
  return new InvalidStateError('STORE_DAMAGED', error.message, {
    ...(error.why === undefined ? {} : { why: error.why }),
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    cause: error,
  });
}
