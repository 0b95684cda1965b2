/** One file with a JSON object a line for each token: lines are appended, and are on disk before they count. */
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  AccessDeniedError,
  InvalidValueError,
  NotFoundError,
  RefusedError,
  UnavailableError,
  type TokenRecord,
  type TokenSink,
} from '@apikey/shared';
import { systemReason } from '../failure.ts';
import { holdExclusively } from './exclusive.ts';
import { grouped } from './grouped.ts';
import { heldToken, type HeldToken } from './held-token.ts';

const OWNER_ONLY = 0o600;
/** Lines that are written together. */
const GROUP = 256;

export class TokenLines implements Disposable {
  readonly #path: string;
  /** By `jti`; of several lines the last counts. */
  readonly #held: ReadonlyMap<string, HeldLine>;
  readonly #release: () => void;
  #file: number | undefined;

  private constructor(path: string, held: ReadonlyMap<string, HeldLine>, release: () => void) {
    this.#path = path;
    this.#held = held;
    this.#release = release;
  }

  /** Reads what earlier runs wrote, and keeps other runs out. Throws for a file that holds anything else. */
  static async open(path: string): Promise<TokenLines> {
    const lock = join(dirname(path), `.${basename(path)}.lock`);
    const release = translated(path, () => holdExclusively(lock));
    if (release === undefined) {
      throw new RefusedError('WRONG_STATE', `another run is writing to ${path}`, { fix: 'wait until it is done' });
    }
    try {
      return new TokenLines(path, await readHeld(path), release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Looks at the file, if it exists, and changes nothing. */
  static async look(path: string): Promise<TokenLines> {
    return new TokenLines(path, await readHeld(path), () => {});
  }

  /** What the lines hold, one for each `jti`. */
  get lines(): Iterable<HeldLine> {
    return this.#held.values();
  }

  read(jti: string): HeldLine | undefined {
    return this.#held.get(jti);
  }

  /** Begins to append, behind those lines that `keep` lets stand; the others, and a torn last one, are taken out. */
  async begin(keep: (held: HeldLine) => boolean): Promise<void> {
    if ([...this.#held.values()].every(keep) && (await isWhole(this.#path))) {
      // oxlint-disable-next-line no-bitwise -- flags of open(2)
      const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
      this.#file = translated(this.#path, () => openSync(this.#path, flags, OWNER_ONLY));
    } else {
      this.#file = await rewrite(this.#path, keep);
    }
    syncDirectory(dirname(this.#path));
  }

  /** @param form the line for a token, without its end */
  sink(form: (token: string, record: TokenRecord) => string): TokenSink {
    const append = grouped<string>(GROUP, async (lines) => {
      this.#append(lines.map((line) => `${line}\n`).join(''));
      return [];
    });
    return { check: async () => {}, deliver: (token, record) => append(form(token, record)) };
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#release();
  }

  #append(text: string): void {
    const file = this.#file;
    if (file === undefined) throw new TypeError('nothing was begun');
    const before = fstatSync(file).size;
    try {
      writeAll(file, Buffer.from(text));
      fsyncSync(file);
    } catch (error) {
      // None of them counts, so none of them stays.
      ftruncateSync(file, before);
      throw new UnavailableError(`the tokens could not be written to ${this.#path}`, {
        code: 'DELIVERY_FAILED',
        why: `writing ${this.#path} failed: ${systemReason(error)}`,
        cause: error,
      });
    }
  }
}

export interface HeldLine extends HeldToken {
  /** The request that it says it was made for. */
  readonly requestId: string | undefined;
}

interface Line {
  readonly text: string;
  readonly held: HeldLine | undefined;
}

async function* linesOf(path: string): AsyncGenerator<Line> {
  // Opened first, since `readline` swallows the errors of its input.
  const fd = translated(path, () => openSync(path, 'r'));
  const lines = createInterface({ input: createReadStream(path, { fd }), crlfDelay: Infinity });
  for await (const text of lines) if (text !== '') yield { text, held: heldIn(text) };
}

function heldIn(text: string): HeldLine | undefined {
  const { token, requestId } = membersOf(text);
  const held = typeof token === 'string' ? heldToken(token) : undefined;
  return held && { ...held, requestId: typeof requestId === 'string' ? requestId : undefined };
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** A last line without a token in it is what a run that was killed left; anywhere else it is somebody else's file. */
async function readHeld(path: string): Promise<Map<string, HeldLine>> {
  const held = new Map<string, HeldLine>();
  if (!isRegular(path)) return held;
  let torn = false;
  for await (const line of linesOf(path)) {
    if (torn) throw foreign(path);
    if (line.held === undefined) torn = true;
    else held.set(line.held.jti, line.held);
  }
  if (torn && (await isWhole(path))) throw foreign(path);
  return held;
}

function isRegular(path: string): boolean {
  const stats = translated(path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (stats === undefined) return false;
  if (stats.isFile()) return true;
  throw new InvalidValueError('INVALID_INPUT', `${path} is not a file that tokens can be put in`, {
    why: stats.isDirectory() ? 'it is a directory' : 'it is a link, device, pipe or socket',
    fix: stats.isDirectory() ? 'use --out-dir to get a file for each token' : 'name a new file',
  });
}

/** Whether its last line has an end. */
async function isWhole(path: string): Promise<boolean> {
  const size = lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return true;
  let last = '';
  for await (const chunk of createReadStream(path, { start: size - 1, encoding: 'utf8' })) last = String(chunk);
  return last === '\n';
}

/** Puts a file without the lines that are not kept in the place of the old one; gives it back open. */
async function rewrite(path: string, keep: (held: HeldLine) => boolean): Promise<number> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  // oxlint-disable-next-line no-bitwise -- flags of open(2)
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;
  const file = translated(path, () => openSync(temporary, flags, OWNER_ONLY));
  try {
    for await (const { text, held } of linesOf(path)) {
      if (held !== undefined && keep(held)) writeAll(file, Buffer.from(`${text}\n`));
    }
    fsyncSync(file);
    renameSync(temporary, path);
    return file;
  } catch (error) {
    closeSync(file);
    unlinkSync(temporary);
    throw error;
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function foreign(path: string): RefusedError {
  return new RefusedError('FILE_EXISTS', `${path} exists, and holds something else than tokens of this command`, {
    why: 'tokens are only appended to what an earlier run of the same command wrote',
    fix: 'name another file',
  });
}

function translated<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'syscall' in error)) throw error;
    const details = { why: systemReason(error), fix: 'name a file in a directory that you can write to', cause: error };
    if (error.code === 'ENOENT') {
      throw new NotFoundError('FILE_NOT_FOUND', `the directory of ${path} does not exist`, details);
    }
    throw new AccessDeniedError('ACCESS_DENIED', `cannot write to ${path}`, details);
  }
}
