/** The file that an export is written to: new, in place of another, or behind what an earlier run finished. */
import { randomBytes } from 'node:crypto';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  AccessDeniedError,
  ApikeyError,
  EXPORT_TYPE,
  NotFoundError,
  parseTime,
  RefusedError,
  UnavailableError,
  type EarlierExport,
  type ExportHeader,
} from '@apikey/shared';
import { systemReason } from '../failure.ts';
import { lock } from './lock.ts';
import { scanExport, type Scan } from './scan.ts';
import type { Append } from './write.ts';
import { jsonText } from '../terminal/printable.ts';

export interface ExportTarget {
  /** What it holds already; nothing for a file that starts now, and gets a header. */
  readonly earlier: EarlierExport | undefined;
  /** Lines of an unfinished section that were found behind what counts, and are dropped. */
  readonly dropped: number;
  readonly append: Append;
  /** Makes what was appended durable, and visible under its name. */
  finish(): Promise<void>;
  /** Leaves everything as it was. */
  abandon(): Promise<void>;
}

const OWNER_ONLY = 0o600;

/** Throws `FILE_EXISTS`, `FILE_NOT_FOUND` (its directory) or `ACCESS_DENIED`. */
export async function newTarget(path: string, { replace }: { readonly replace: boolean }): Promise<ExportTarget> {
  const place = replace ? join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`) : path;
  const file = await opened(path, () => open(place, 'wx', OWNER_ONLY));
  return {
    ...writing(path, file, 0),
    earlier: undefined,
    dropped: 0,
    finish: async () => {
      await guarded(path, async () => {
        await file.sync();
        await file.close();
        if (replace) await rename(place, path);
        await syncDirectory(dirname(path));
      });
    },
    abandon: async () => {
      await file.close();
      await unlink(place);
    },
  };
}

/**
 * Continues an export, or begins one where there is none. Throws beside what `newTarget` throws `EXPORT_MISMATCH` for
 * an export of another environment, `EXPORT_DAMAGED`, and `WRONG_STATE` while another run writes to it.
 */
export async function appendTarget(path: string, header: ExportHeader): Promise<ExportTarget> {
  const file = await existing(path);
  if (file === undefined) return newTarget(path, { replace: false });
  try {
    const unlock = await lock(path);
    try {
      const scan = await earlierScan(file, path, header);
      const size = scan?.size ?? 0;
      await guarded(path, () => file.truncate(size));
      return {
        ...writing(path, file, size),
        earlier: scan === undefined ? undefined : earlierOf(scan),
        dropped: scan?.unfinished ?? 0,
        finish: async () => {
          await guarded(path, () => file.sync());
          await file.close();
          await unlock();
        },
        abandon: async () => {
          await file.truncate(size);
          await file.close();
          await unlock();
        },
      };
    } catch (error) {
      await unlock();
      throw error;
    }
  } catch (error) {
    await file.close();
    throw error;
  }
}

function writing(path: string, file: FileHandle, start: number): Pick<ExportTarget, 'append'> {
  let position = start;
  return {
    append: (text) =>
      guarded(path, async () => {
        const bytes = Buffer.from(text);
        for (let written = 0; written < bytes.length;) {
          const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position);
          written += bytesWritten;
          position += bytesWritten;
        }
      }),
  };
}

/** What the file holds, if it is an export of this environment; nothing where not even its header was finished. */
async function earlierScan(file: FileHandle, path: string, header: ExportHeader): Promise<Scan | undefined> {
  if (await isTornHeader(file)) return undefined;
  const scan = await scanExport(file, path);
  for (const name of ['env', 'issuer'] as const) {
    if (scan.header[name] === header[name]) continue;
    throw new RefusedError('EXPORT_MISMATCH', `${path} is an export of another environment`, {
      why: `its ${name} is ${jsonText(scan.header[name])}, here it is ${jsonText(header[name])}`,
      fix: 'give the file of this environment, or --env',
    });
  }
  const [damage] = scan.damages;
  if (damage === undefined) return scan;
  throw new ApikeyError('EXPORT_DAMAGED', `${path} is damaged`, {
    why: damage,
    fix: 'keep it as evidence, and export into a new file',
  });
}

/** A run that was killed at its first write leaves nothing, or a part of the first line. */
async function isTornHeader(file: FileHandle): Promise<boolean> {
  const start = `{"type":"${EXPORT_TYPE}"`;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0);
  const text = buffer.toString('latin1', 0, bytesRead);
  return !text.includes('\n') && bytesRead < 64 * 1024 && (text.startsWith(start) || start.startsWith(text));
}

function earlierOf({ aggregates, end, header }: Scan): EarlierExport {
  return {
    at: parseTime(end?.at ?? header.exportedAt) * 1000,
    chains: new Map([...aggregates].map(([name, { seq, hash, settled }]) => [name, { seq, hash, settled }])),
  };
}

async function existing(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw accessError(path, error);
  }
}

async function opened(path: string, work: () => Promise<FileHandle>): Promise<FileHandle> {
  try {
    return await work();
  } catch (error) {
    throw accessError(path, error);
  }
}

function accessError(path: string, error: unknown): ApikeyError {
  const details = { why: systemReason(error), cause: error };
  switch (errnoOf(error)) {
    case 'EEXIST':
      return new RefusedError('FILE_EXISTS', `${path} exists`, {
        why: 'an export is only written to a new file',
        fix: 'add --append to continue it, --force to replace it, or name another file',
      });
    case 'ENOENT':
      return new NotFoundError('FILE_NOT_FOUND', `the directory of ${path} does not exist`, details);
    case 'ENOSPC':
    case 'EDQUOT':
      return notWritten(path, error);
    default:
      return new AccessDeniedError('ACCESS_DENIED', `${path} cannot be opened for writing`, details);
  }
}

/** Runs a step of writing, and says of a failure which file it was. */
async function guarded(path: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    throw notWritten(path, error);
  }
}

function notWritten(path: string, error: unknown): UnavailableError {
  return new UnavailableError(`the export could not be written to ${path}`, {
    code: 'OUTPUT_FAILED',
    why: systemReason(error),
    fix: 'mend that and run it again: what earlier runs finished is as it was',
    cause: error,
  });
}

function errnoOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
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
