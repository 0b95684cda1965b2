/** A directory with one file for each token, readable by its owner alone, and on disk before it counts. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsync,
  mkdirSync,
  open,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  AccessDeniedError,
  InvalidValueError,
  RefusedError,
  UnavailableError,
  type ApikeyError,
  type TokenRecord,
  type TokenSink,
} from '@apikey/shared';
import { systemReason } from '../failure.ts';
import { holdExclusively } from './exclusive.ts';
import { grouped } from './grouped.ts';
import { heldToken, type HeldToken } from './held-token.ts';

const OWNER_ONLY = 0o600;
const LOCK = '.apikey-issue.lock';
/** Files that are being written; what a killed run left of them is removed by the next. */
const UNFINISHED = /^\.apikey-[0-9a-f]{16}\.part$/;
/** Files that are brought to the disk together. */
const GROUP = 64;
/** No token is longer. */
const MAX_BYTES = 65_536;

const openFile = promisify(open);
const sync = promisify(fsync);

/** What a file of the directory holds: a token, the beginning of one that a run was killed over, or anything else. */
export type Held = HeldToken | 'torn' | 'something else' | undefined;
/** Whole files end with a line end. */
const TORN = /^(?:eyJ[A-Za-z0-9_.-]*)?$/;

export class TokenDirectory implements Disposable {
  readonly #path: string;
  readonly #release: () => void;
  readonly #names: ReadonlySet<string>;

  private constructor(path: string, names: ReadonlySet<string>, release: () => void) {
    this.#path = path;
    this.#names = names;
    this.#release = release;
  }

  /**
   * Makes the directory if it is missing, and keeps other runs out of it. Throws `RefusedError` (`WRONG_STATE`) where
   * another run is in it, `InvalidValueError` or `AccessDeniedError` where it cannot be one.
   */
  static open(path: string): TokenDirectory {
    try {
      makeDirectory(path);
      const release = holdExclusively(join(path, LOCK));
      if (release === undefined) throw inUse(path);
      const names = readdirSync(path);
      for (const name of names) if (UNFINISHED.test(name)) unlinkSync(join(path, name));
      return new TokenDirectory(path, new Set(names), release);
    } catch (error) {
      throw unusable(path, error);
    }
  }

  /** Looks at the directory, if it exists, and changes nothing in it. */
  static look(path: string): TokenDirectory {
    try {
      const present = statSync(path, { throwIfNoEntry: false }) !== undefined;
      return new TokenDirectory(path, new Set(present ? readdirSync(path) : []), () => {});
    } catch (error) {
      throw unusable(path, error);
    }
  }

  /** What the file of this name held when the directory was opened, or holds now. */
  read(name: string): Held {
    if (!this.#names.has(name)) return undefined;
    try {
      const path = join(this.#path, name);
      const stats = statSync(path);
      if (!stats.isFile() || stats.size > MAX_BYTES) return 'something else';
      const text = readFileSync(path, 'utf8');
      if (TORN.test(text)) return 'torn';
      return heldToken(text.trim()) ?? 'something else';
    } catch {
      return 'something else';
    }
  }

  /**
   * Writes each token to the file that `nameOf` says; one that was there when the directory was opened is replaced, so
   * it must have been looked at. Tokens that come together share the trip to the disk that makes their names durable.
   */
  sink(nameOf: (record: TokenRecord) => string): TokenSink {
    const deliver = grouped<{ readonly name: string; readonly token: string }>(GROUP, async (files) => {
      const errors = await Promise.all(
        files.map(({ name, token }) =>
          this.#write(name, `${token}\n`).then(
            () => undefined,
            (error: unknown) => undelivered(join(this.#path, name), error),
          ),
        ),
      );
      await syncDirectory(this.#path);
      return errors;
    });
    return {
      check: async () => {},
      deliver: (token, record) => deliver({ name: nameOf(record), token }),
    };
  }

  [Symbol.dispose](): void {
    this.#release();
  }

  /** A file that was there is replaced in one go; a new one is created, which fails if the name was taken meanwhile. */
  async #write(name: string, content: string): Promise<void> {
    const path = join(this.#path, name);
    if (!this.#names.has(name)) {
      await createFile(path, content);
      return;
    }
    const temporary = join(this.#path, `.apikey-${randomBytes(8).toString('hex')}.part`);
    await createFile(temporary, content);
    renameSync(temporary, path);
  }
}

/** To make a name and to reach the disk take long, and go on at once for many files. */
async function createFile(path: string, content: string): Promise<void> {
  const file = await openFile(path, 'wx', OWNER_ONLY);
  try {
    writeSync(file, content);
    await sync(file);
  } catch (error) {
    discard(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The next run finds what it is.
  }
}

/** Each directory above it that is missing, too. */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  mkdirSync(path, { mode: 0o700 });
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await openFile(path, 'r');
  try {
    await sync(directory);
  } finally {
    closeSync(directory);
  }
}

function inUse(path: string): RefusedError {
  return new RefusedError('WRONG_STATE', `another run is writing to ${path}`, {
    why: "two runs would replace each other's tokens",
    fix: 'wait until it is done',
  });
}

function undelivered(path: string, error: unknown): UnavailableError {
  const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
  return new UnavailableError(`the token could not be written to ${path}`, {
    code: 'DELIVERY_FAILED',
    why: `writing ${path} failed: ${exists ? 'it exists by now' : systemReason(error)}`,
    cause: error,
  });
}

function unusable(path: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error)) return error;
  const details = { why: systemReason(error), fix: 'name a directory that you can write to', cause: error };
  const wrong = error.code === 'ENOTDIR' || error.code === 'EEXIST';
  const refusal: ApikeyError = wrong
    ? new InvalidValueError('INVALID_INPUT', `${path} is not a directory`, details)
    : new AccessDeniedError('ACCESS_DENIED', `cannot write to the directory ${path}`, details);
  return refusal;
}
