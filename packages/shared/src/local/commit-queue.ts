/**
 * Commits that are asked for in one turn of the event loop share a transaction, and so one trip to the disk, which is
 * what a commit costs. Each still holds or fails on its own, and none is answered before it is on the disk.
 */
import type { Change } from '../domain/change.ts';
import { ConflictError, UnavailableError } from '../ports/errors.ts';
import type { Connection } from './connection.ts';
import type { RegistryFile } from './registry-file.ts';
import { writeChange } from './write-change.ts';

/** Larger ones would keep other processes waiting for their turn to write. */
const MOST = 128;

interface Waiting {
  readonly change: Change;
  readonly settle: (error: unknown) => void;
}

export class CommitQueue {
  readonly #file: RegistryFile;
  #waiting: Waiting[] = [];

  constructor(file: RegistryFile) {
    this.#file = file;
  }

  /** Resolves once the change is durable. Throws the port's errors. */
  commit(change: Change): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.flush());
      this.#waiting.push({ change, settle: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  /** Writes what waits, now. */
  flush(): void {
    while (this.#waiting.length > 0) this.#writeGroup(this.#waiting.splice(0, MOST));
  }

  #writeGroup(group: readonly Waiting[]): void {
    const errors: unknown[] = [];
    let begun = false;
    try {
      this.#file.use((connection) =>
        connection.write(() => {
          begun = true;
          for (const { change } of group) {
            errors.push(group.length === 1 ? writeChange(connection, change) : attempt(connection, change));
          }
        }),
      );
    } catch (error) {
      const unknown = error instanceof UnavailableError && error.outcome === 'unknown';
      if (group.length > 1 && begun && !unknown) {
        // Nothing of it was written. Whose fault that is shows when each is written alone.
        for (const one of group) this.#writeGroup([one]);
        return;
      }
      errors.splice(0, Infinity, ...group.map(() => error));
    }
    for (const [n, { settle }] of group.entries()) settle(errors[n]);
  }
}

/** Writes a change inside of a transaction, or leaves nothing of it there. */
function attempt(connection: Connection, change: Change): ConflictError | undefined {
  connection.run('SAVEPOINT change');
  let conflict: ConflictError | undefined;
  try {
    writeChange(connection, change);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    conflict = error;
    connection.run('ROLLBACK TO change');
  }
  connection.run('RELEASE change');
  return conflict;
}
