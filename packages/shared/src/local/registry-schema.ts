/**
 * The tables of the local registry and their versions. A document is stored once, as JSON; every column that is
 * searched is generated from it, so that the two cannot disagree.
 */
import type { DatabaseSync } from 'node:sqlite';
import { InvalidStateError, NotFoundError } from '../ports/errors.ts';
import { transaction } from './transaction.ts';

/** `apky`: what `file` and SQLite show for a registry of apikey. */
const APPLICATION_ID = 0x61706b79;

/** Step `n` leads from version `n` to `n + 1`. Steps that were released are never edited. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE client (
    doc TEXT NOT NULL,
    id TEXT NOT NULL GENERATED ALWAYS AS (doc ->> '$.id') VIRTUAL,
    version INTEGER NOT NULL GENERATED ALWAYS AS (doc ->> '$.version') VIRTUAL
  ) STRICT;
  CREATE UNIQUE INDEX client_id ON client (id);

  CREATE TABLE token (
    doc TEXT NOT NULL,
    jti TEXT NOT NULL GENERATED ALWAYS AS (doc ->> '$.jti') VIRTUAL,
    client TEXT NOT NULL GENERATED ALWAYS AS (doc ->> '$.client') VIRTUAL,
    exp INTEGER NOT NULL GENERATED ALWAYS AS (doc ->> '$.exp') VIRTUAL
  ) STRICT;
  CREATE UNIQUE INDEX token_jti ON token (jti);
  CREATE UNIQUE INDEX token_client ON token (client, jti);
  CREATE UNIQUE INDEX token_exp ON token (exp, jti);

  CREATE TABLE ring (
    doc TEXT NOT NULL,
    name TEXT NOT NULL GENERATED ALWAYS AS (doc ->> '$.name') VIRTUAL,
    version INTEGER NOT NULL GENERATED ALWAYS AS (doc ->> '$.version') VIRTUAL
  ) STRICT;
  CREATE UNIQUE INDEX ring_name ON ring (name);

  CREATE TABLE request (
    doc TEXT NOT NULL,
    id TEXT NOT NULL GENERATED ALWAYS AS (doc ->> '$.id') VIRTUAL
  ) STRICT;
  CREATE UNIQUE INDEX request_id ON request (id);

  CREATE TABLE event (
    doc TEXT NOT NULL,
    aggregate TEXT NOT NULL GENERATED ALWAYS AS (doc ->> '$.aggregate') VIRTUAL,
    seq INTEGER NOT NULL GENERATED ALWAYS AS (doc ->> '$.seq') VIRTUAL,
    at TEXT NOT NULL GENERATED ALWAYS AS (doc ->> '$.at') VIRTUAL
  ) STRICT;
  CREATE UNIQUE INDEX event_aggregate ON event (aggregate, seq);
  CREATE UNIQUE INDEX event_at ON event (at, aggregate, seq);

  PRAGMA application_id = ${APPLICATION_ID};
  `,
  `
  CREATE TABLE usage (
    doc TEXT NOT NULL,
    jti TEXT NOT NULL GENERATED ALWAYS AS (doc ->> '$.jti') VIRTUAL,
    used_at INTEGER NOT NULL GENERATED ALWAYS AS (doc ->> '$.usedAt') VIRTUAL
  ) STRICT;
  CREATE UNIQUE INDEX usage_jti ON usage (jti);
  `,
  // The end of a life, which a rotation brings forward. Whatever a damaged entry says of it becomes a number: otherwise
  // one such entry would keep the whole registry from being brought up to date.
  `
  ALTER TABLE token ADD COLUMN ends INTEGER NOT NULL GENERATED ALWAYS AS
    (CAST(min(doc ->> '$.exp', ifnull(doc ->> '$.liveUntil', doc ->> '$.exp')) AS INTEGER)) VIRTUAL;
  CREATE UNIQUE INDEX token_end ON token (ends, jti);
  DROP INDEX token_exp;
  `,
  `CREATE UNIQUE INDEX request_client ON request (doc ->> '$.client', id);`,
];

export const NEWEST_VERSION: number = MIGRATIONS.length;

/** The version of a registry, 0 for a database that holds nothing at all. Refuses one of another program. */
export function registryVersion(db: DatabaseSync, path: string): number {
  return transaction(db, 'read', () => readVersion(db, path));
}

/** Brings a registry, or a blank database, to the newest version. */
export function migrate(db: DatabaseSync, path: string): void {
  transaction(db, 'write', () => {
    // Another process may have done it while this one waited.
    for (const step of MIGRATIONS.slice(readVersion(db, path))) db.exec(step);
    db.exec(`PRAGMA user_version = ${NEWEST_VERSION}`);
  });
}

/** The three answers belong together, hence only inside a transaction. */
function readVersion(db: DatabaseSync, path: string): number {
  const version = readInteger(db, 'PRAGMA user_version');
  const application = readInteger(db, 'PRAGMA application_id');
  if (version === 0 && application === 0 && readInteger(db, 'SELECT count(*) FROM sqlite_schema') === 0) return 0;
  if (application !== APPLICATION_ID || version < 1) {
    throw new InvalidStateError('STORE_FOREIGN', 'the registry file belongs to another program', {
      why: `${path} is a database that apikey did not make`,
      fix: 'move it away, or choose another data directory',
    });
  }
  if (version > NEWEST_VERSION) {
    throw new InvalidStateError('STORE_FOREIGN', 'the registry was made by a newer version of apikey', {
      why: `${path} has version ${version}, this apikey knows up to version ${NEWEST_VERSION}`,
      fix: 'update apikey',
    });
  }
  return version;
}

export function registryNotFound(path: string): NotFoundError {
  return new NotFoundError('REGISTRY_NOT_FOUND', 'there is no registry yet', {
    why: `${path} does not exist`,
    fix: 'apikey issue sets it up with the first token, apikey init without one',
  });
}

function readInteger(db: DatabaseSync, sql: string): number {
  const [value] = Object.values(db.prepare(sql).get() ?? {});
  return typeof value === 'number' ? value : 0;
}
