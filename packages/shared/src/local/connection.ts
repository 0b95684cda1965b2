/** One open registry database: statements prepared once, documents parsed as they are read. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { ApikeyError } from '../domain/errors.ts';
import { JwsError } from '../jose/errors.ts';
import { parseJsonObject } from '../jose/json.ts';
import { transaction } from './transaction.ts';

type Row = Record<string, unknown>;
/** Makes a record of parsed JSON, or throws `STORE_DAMAGED`. */
export type Parser<T> = (value: unknown) => T;

/** A page of a listing. What comes before a damaged entry is not lost with it. */
export interface Documents<T> {
  readonly items: readonly T[];
  /** What the entry behind them threw, if one did. */
  readonly flaw: unknown;
}

export class Connection {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  row(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values);
  }

  /** The `doc` of the only row, if there is one. */
  document<T>(parse: Parser<T>, sql: string, ...values: SQLInputValue[]): T | undefined {
    const row = this.row(sql, ...values);
    return row === undefined ? undefined : parseDocument(parse, row['doc']);
  }

  /** The `doc` of each row, up to the first that cannot be parsed. */
  documents<T>(parse: Parser<T>, sql: string, ...values: SQLInputValue[]): Documents<T> {
    const rows: Row[] = this.#prepared(sql).all(...values);
    const items: T[] = [];
    try {
      for (const row of rows) items.push(parseDocument(parse, row['doc']));
    } catch (flaw) {
      return { items, flaw };
    }
    return { items, flaw: undefined };
  }

  /** The text in the only column of each row. */
  texts(sql: string): string[] {
    const rows: Row[] = this.#prepared(sql).all();
    return rows.flatMap((row) => Object.values(row)).filter((value) => typeof value === 'string');
  }

  /** The number of rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  write(work: () => void): void {
    transaction(this.#db, 'write', work);
  }

  /**
   * With `settle`, first brings all that was committed into the registry file itself, even while other processes have
   * it open, so that the file is whole if it is copied or moved without its write-ahead log.
   */
  close({ settle }: { readonly settle: boolean }): void {
    if (!this.#db.isOpen) return;
    this.#statements.clear();
    try {
      // Not worth waiting for: what stays in the log is as durable, and the last process to close will move it.
      if (settle) this.#db.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // The commits are durable either way.
    } finally {
      this.#db.close();
    }
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Parses a stored document; `null` and everything else that is not JSON text is damage. */
export function parseDocument<T>(parse: Parser<T>, doc: unknown): T {
  return parse(parseJson(doc));
}

function parseJson(doc: unknown): unknown {
  const { value, flaw } = readJson(doc);
  if (flaw === undefined) return value;
  throw new ApikeyError('STORE_DAMAGED', 'an entry in the registry is not JSON', {
    why: flaw,
    fix: 'restore the registry from a backup',
  });
}

function readJson(doc: unknown): { readonly value?: unknown; readonly flaw?: string } {
  if (typeof doc !== 'string') return { flaw: 'it is not a text' };
  try {
    const value: unknown = JSON.parse(doc);
    // Of a member that is there twice SQLite takes the first and JavaScript the last: what is found under one id would
    // be read as another's. What apikey wrote needs no second look.
    if (JSON.stringify(value) !== doc) parseJsonObject(Buffer.from(doc));
    return { value };
  } catch (error) {
    // Its message would quote the document.
    return { flaw: error instanceof JwsError ? 'it can be read in more than one way' : 'it cannot be parsed' };
  }
}
