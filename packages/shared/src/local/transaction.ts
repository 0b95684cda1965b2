/** Transactions of the local registry: a write takes its lock at once, since a later upgrade fails under contention. */
import type { DatabaseSync } from 'node:sqlite';

const BEGIN = { read: 'BEGIN', write: 'BEGIN IMMEDIATE' } as const;

/** An error of `COMMIT` itself, after which the transaction may hold all the same; `cause` is SQLite's. */
export class CommitError extends Error {
  override readonly name = 'CommitError';
}

/** Runs `work` in one transaction, which is rolled back if anything throws. */
export function transaction<T>(db: DatabaseSync, kind: keyof typeof BEGIN, work: () => T): T {
  db.exec(BEGIN[kind]);
  try {
    const result = work();
    confirm(db);
    return result;
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

function confirm(db: DatabaseSync): void {
  try {
    db.exec('COMMIT');
  } catch (cause) {
    throw new CommitError('the transaction was not confirmed', { cause });
  }
}

function rollBack(db: DatabaseSync): void {
  try {
    // After some errors SQLite has done it already.
    if (db.isTransaction) db.exec('ROLLBACK');
  } catch {
    // What led here is the error to report; an unfinished transaction ends with its connection.
  }
}
