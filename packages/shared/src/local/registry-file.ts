/**
 * Holds the registry's database only as long as it is the file at its path. A process that went on reading a file
 * which was moved away would accept what the registry no longer says.
 */
import { DatabaseSync } from 'node:sqlite';
import { UnavailableError } from '../ports/errors.ts';
import { Connection } from './connection.ts';
import { errnoOf, translateFileError } from './file-errors.ts';
import { createDatabaseFile, identify, isAt, registryPath, requireDirectory } from './registry-path.ts';
import { migrate, NEWEST_VERSION, registryNotFound, registryVersion } from './registry-schema.ts';
import { primaryCode, resultCodeOf, spoilsConnection, SQLITE_BUSY, translateSqliteError } from './sqlite-errors.ts';
import { CommitError } from './transaction.ts';

export interface LocalRegistryOptions {
  /** The directory that holds `registry.db`. */
  readonly dataDir: string;
  /** Sets the registry up where there is none; otherwise that is a `NotFoundError`. */
  readonly create: boolean;
  /** Opens it without the ability to write. */
  readonly readOnly?: boolean;
}

/** What only tests change. */
export interface Tuning {
  /** How long to wait for another process's write. */
  readonly busyMilliseconds: number;
  /** Items that a listing reads at once. */
  readonly pageSize: number;
  /** Size limit of the file in pages, to meet a full disk. */
  readonly maxPages?: number;
}

export const DEFAULT_TUNING: Tuning = { busyMilliseconds: 5000, pageSize: 500 };

interface Opened {
  readonly connection: Connection;
  readonly identity: string;
}

export class RegistryFile {
  readonly #options: LocalRegistryOptions;
  readonly #tuning: Tuning;
  readonly #path: string;
  #opened: Opened | undefined;
  #closed = false;

  constructor(options: LocalRegistryOptions, tuning: Tuning) {
    this.#options = options;
    this.#tuning = tuning;
    this.#path = registryPath(options.dataDir);
    this.#translating(() => {
      this.#opened = this.#open(options.create);
    });
  }

  /** Runs `work` on the file that is at the path now. Throws the port's errors. */
  use<T>(work: (connection: Connection) => T): T {
    return this.#translating(() => work(this.#current()));
  }

  close(): void {
    this.#closed = true;
    this.#release();
  }

  #current(): Connection {
    if (this.#closed) throw new UnavailableError('the registry was closed');
    const identity = identify(this.#path);
    if (this.#opened !== undefined && this.#opened.identity === identity) return this.#opened.connection;
    this.#release();
    if (identity === undefined) {
      throw new UnavailableError('the registry file is gone', {
        why: `${this.#path} was moved away or deleted`,
        fix: 'put it back',
      });
    }
    this.#opened = this.#open(false);
    return this.#opened.connection;
  }

  #open(create: boolean): Opened {
    const path = this.#path;
    if (create) createDatabaseFile(this.#options.dataDir);
    const identity = identify(path);
    if (identity === undefined) {
      requireDirectory(this.#options.dataDir);
      throw registryNotFound(path);
    }
    const readOnly = this.#options.readOnly ?? false;
    const db = new DatabaseSync(path, { timeout: this.#tuning.busyMilliseconds, readOnly });
    try {
      const version = registryVersion(db, path);
      if (version === 0 && (readOnly || !create)) throw registryNotFound(path);
      if (!readOnly) {
        prepare(db, this.#tuning);
        if (version < NEWEST_VERSION) migrate(db, path);
      }
      if (identify(path) !== identity) throw new UnavailableError('the registry file was replaced while it was opened');
      return { connection: new Connection(db), identity };
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** SQLite itself leaves the log alone when its file is no longer at the path. */
  #release(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened === undefined) return;
    const settle = this.#options.readOnly !== true && isAt(this.#path, opened.identity);
    opened.connection.close({ settle });
  }

  #translating<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const committing = error instanceof CommitError;
      const cause = committing ? error.cause : error;
      if (spoilsConnection(cause)) this.#release();
      const directory = this.#options.dataDir;
      if (errnoOf(cause) !== undefined) throw translateFileError(cause, 'the registry', directory);
      throw translateSqliteError(cause, { path: this.#path, directory, committing });
    }
  }
}

function prepare(db: DatabaseSync, { busyMilliseconds, maxPages }: Tuning): void {
  useWriteAheadLog(db, busyMilliseconds);
  db.exec('PRAGMA synchronous = FULL');
  if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
}

/** SQLite does not wait for its lock here when two processes set a new registry up at once. */
function useWriteAheadLog(db: DatabaseSync, busyMilliseconds: number): void {
  // Not looked at before it is needed: the first look at `performance` loads what every command would wait for.
  let deadline: number | undefined;
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (primaryCode(resultCodeOf(error) ?? 0) !== SQLITE_BUSY) throw error;
      deadline ??= performance.now() + busyMilliseconds;
      if (performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
