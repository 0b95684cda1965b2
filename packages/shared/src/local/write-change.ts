/** Writes one change inside of a transaction: expectations first, then documents. */
import type { Change } from '../domain/change.ts';
import type { RequestRecord, TokenRecord } from '../domain/records.ts';
import { ConflictError } from '../ports/errors.ts';
import type { Connection } from './connection.ts';

const INSERT = {
  client: 'INSERT INTO client (doc) VALUES (?)',
  ring: 'INSERT INTO ring (doc) VALUES (?)',
  token: 'INSERT INTO token (doc) VALUES (?)',
  request: 'INSERT INTO request (doc) VALUES (?)',
  event: 'INSERT INTO event (doc) VALUES (?)',
} as const;
const UPDATE = {
  client: 'UPDATE client SET doc = ? WHERE id = ?',
  ring: 'UPDATE ring SET doc = ? WHERE name = ?',
} as const;
const VERSION = {
  client: 'SELECT version FROM client WHERE id = ?',
  ring: 'SELECT version FROM ring WHERE name = ?',
} as const;

/** Throws `ConflictError` for the first expectation that does not hold: version, request, then tokens. */
export function writeChange(connection: Connection, change: Change): void {
  if (change.kind === 'client') {
    writeAggregate(connection, change, change.client.id, change.client);
    for (const request of change.requests) writeRequest(connection, request);
    for (const record of change.created) createToken(connection, record);
    for (const record of change.updated) updateToken(connection, record);
  } else {
    writeAggregate(connection, change, change.ring.name, change.ring);
  }
  for (const event of change.events) connection.run(INSERT.event, JSON.stringify(event));
}

function writeAggregate(connection: Connection, { kind, expectedVersion }: Change, id: string, document: object): void {
  const version = connection.row(VERSION[kind], id)?.['version'] ?? 0;
  if (version !== expectedVersion) throw new ConflictError('version');
  const text = JSON.stringify(document);
  if (expectedVersion === 0) connection.run(INSERT[kind], text);
  else connection.run(UPDATE[kind], text, id);
}

function writeRequest(connection: Connection, request: RequestRecord): void {
  if (connection.row('SELECT 1 FROM request WHERE id = ?', request.id) !== undefined)
    throw new ConflictError('request');
  connection.run(INSERT.request, JSON.stringify(request));
}

function createToken(connection: Connection, record: TokenRecord): void {
  if (connection.row('SELECT 1 FROM token WHERE jti = ?', record.jti) !== undefined) throw new ConflictError('token');
  connection.run(INSERT.token, JSON.stringify(record));
}

function updateToken(connection: Connection, record: TokenRecord): void {
  const sql = 'UPDATE token SET doc = ? WHERE client = ? AND jti = ?';
  const changed = connection.run(sql, JSON.stringify(record), record.client, record.jti);
  if (changed !== 1) throw new ConflictError('token');
}
