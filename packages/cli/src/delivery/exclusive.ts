/**
 * Keeps a second process out of a place that one run writes to. The lock is one that the system releases when its
 * holder ends, however it ends. Node has no call for such a lock; SQLite does.
 */
import { closeSync, openSync, statSync, unlinkSync } from 'node:fs';
import type { DatabaseSync as Database } from 'node:sqlite';

const OWNER_ONLY = 0o600;

/** Nothing where another process holds it; otherwise what releases it, and removes the lock file. */
export function holdExclusively(path: string): (() => void) | undefined {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  for (;;) {
    closeSync(openSync(path, 'a', OWNER_ONLY));
    const inode = inodeOf(path);
    const db = new DatabaseSync(path, { timeout: 0 });
    if (!locks(db)) {
      db.close();
      return undefined;
    }
    // Whoever held it before may have removed the file that is locked now: then a third one could lock another.
    if (inode !== undefined && inodeOf(path) === inode) {
      return () => {
        unlinkSync(path);
        db.close();
      };
    }
    db.close();
  }
}

function locks(db: Database): boolean {
  try {
    // Without the journal mode, a journal would lie beside the lock.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return true;
  } catch {
    return false;
  }
}

function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
