/** Log files as CloudTrail delivers them: one JSON object with `Records`, gzip or plain, in folders by date. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import * as z from 'zod/mini';
import { ApikeyError } from '../../domain/errors.ts';
import { AccessDeniedError, NotFoundError } from '../../ports/errors.ts';
import type { SignLogEntry } from '../../ports/sign-log.ts';
import { damagedEvidence, readRecord } from './record.ts';

const LOG_FILE = /\.json(?:\.gz)?$/i;
/** Digest files lie beside the logs, and are of another form. */
const DIGEST = /CloudTrail-Digest/;
/** Far above what CloudTrail delivers (it starts a new file at 50 MB), and what a small archive may not blow up to. */
const MAX_BYTES = 512 * 1024 * 1024;
const inflate = promisify(gunzip);
const logFile = z.object({ Records: z.array(z.unknown()) });

/** The log files behind a list of files and folders, in order of name. A folder without one is an error. */
export async function findCloudTrailFiles(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const files = await filesBehind(path);
    if (files.length === 0) {
      throw new NotFoundError('FILE_NOT_FOUND', `there is no CloudTrail log file in ${path}`, {
        why: 'none of its files ends in .json or .json.gz',
        fix: 'name the folder to which the trail was copied',
      });
    }
    found.push(...files);
  }
  return [...new Set(found)];
}

async function filesBehind(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return (
      entries
        // A link is followed when it is read: evidence that was left out in silence would prove nothing.
        .filter((entry) => !entry.isDirectory() && LOG_FILE.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((file) => !DIGEST.test(relative(path, file)))
        .toSorted()
    );
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Every record of these files, one file in memory at a time. Throws `EVIDENCE_DAMAGED` for one that is not whole. */
export async function* cloudTrailFiles(
  files: readonly string[],
  progress: (files: number) => void = () => {},
): AsyncGenerator<SignLogEntry> {
  for (const file of files) {
    for (const record of await readLogFile(file)) yield readRecord(record, file);
    progress(1);
  }
}

async function readLogFile(file: string): Promise<readonly unknown[]> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const plain = isGzip ? await inflated(file, bytes) : bytes;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plain));
  } catch (error) {
    throw damagedEvidence(file, plain.length === 0 ? 'it is empty' : 'it is not JSON, or not UTF-8', error);
  }
  const parsed = logFile.safeParse(value);
  if (!parsed.success) throw damagedEvidence(file, 'it has no list of Records');
  return parsed.data.Records;
}

async function inflated(file: string, bytes: Buffer): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    throw damagedEvidence(file, 'its compression is cut off or damaged', error);
  }
}

function unreadable(path: string, cause: unknown): unknown {
  if (cause instanceof ApikeyError || !(cause instanceof Error) || !('code' in cause)) return cause;
  if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') {
    return new NotFoundError('FILE_NOT_FOUND', `there is no ${path}`, { fix: 'check the name', cause });
  }
  return new AccessDeniedError('ACCESS_DENIED', `${path} cannot be read`, { why: String(cause.code), cause });
}
