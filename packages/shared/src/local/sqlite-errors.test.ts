import { afterAll, describe, expect, it } from 'vitest';
import { ApikeyError } from '../domain/errors.ts';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { spoilsConnection, translateSqliteError } from './sqlite-errors.ts';

/** An error as `node:sqlite` throws it, with an extended result code. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error('what SQLite says'), { code: 'ERR_SQLITE_ERROR', errcode });
}

const { path: directory, remove } = temporaryDirectory();
afterAll(remove);
const scene = { path: `${directory}/registry.db`, directory, committing: false };

it.each([
  ['SQLITE_BUSY', 5, 'UnavailableError', 'UNAVAILABLE'],
  ['SQLITE_BUSY_SNAPSHOT', 517, 'UnavailableError', 'UNAVAILABLE'],
  ['SQLITE_LOCKED', 6, 'UnavailableError', 'UNAVAILABLE'],
  ['SQLITE_FULL', 13, 'UnavailableError', 'STORE_FULL'],
  ['SQLITE_READONLY', 8, 'AccessDeniedError', 'ACCESS_DENIED'],
  ['SQLITE_READONLY_DIRECTORY', 1544, 'AccessDeniedError', 'ACCESS_DENIED'],
  ['SQLITE_READONLY_DBMOVED', 1032, 'UnavailableError', 'UNAVAILABLE'],
  ['SQLITE_CANTOPEN of a file that is not there', 14, 'AccessDeniedError', 'ACCESS_DENIED'],
  ['SQLITE_IOERR_READ', 266, 'UnavailableError', 'UNAVAILABLE'],
  ['SQLITE_IOERR_WRITE', 778, 'UnavailableError', 'UNAVAILABLE'],
  ['SQLITE_CORRUPT', 11, 'InvalidStateError', 'STORE_DAMAGED'],
  ['SQLITE_CORRUPT_INDEX', 779, 'InvalidStateError', 'STORE_DAMAGED'],
  ['SQLITE_NOTADB', 26, 'InvalidStateError', 'STORE_FOREIGN'],
  ['SQLITE_ERROR, as for a table that is missing', 1, 'InvalidStateError', 'STORE_DAMAGED'],
  ['SQLITE_NOMEM', 7, 'UnavailableError', 'UNAVAILABLE'],
])('%s becomes an error of the port, with its cause', (_, errcode, name, code) => {
  const cause = sqliteError(errcode);
  expect(translateSqliteError(cause, scene)).toMatchObject({ name, code, cause });
});

describe('a commit', () => {
  it.each([
    ['an fsync that failed', 1034, 'unknown'],
    ['a page that could not be written', 778, 'not_applied'],
    ['a full disk', 13, 'not_applied'],
    ['another writer', 5, 'not_applied'],
  ])('that ends with %s has its outcome said', (_, errcode, outcome) => {
    expect(translateSqliteError(sqliteError(errcode), { ...scene, committing: true })).toMatchObject({ outcome });
  });
});

it('other errors pass as they are, but for damaged entries', () => {
  const bug = new TypeError('a bug');
  expect(translateSqliteError(bug, scene)).toBe(bug);
  const conflict = new ApikeyError('LOST_RACE', 'x');
  expect(translateSqliteError(conflict, scene)).toBe(conflict);
  const damage = new ApikeyError('STORE_DAMAGED', 'an entry', { why: 'at jti' });
  expect(translateSqliteError(damage, scene)).toMatchObject({
    name: 'InvalidStateError',
    why: 'at jti',
    cause: damage,
  });
});

it('a connection is opened anew after errors that may outlive a transaction', () => {
  expect([5, 6, 13].map((code) => spoilsConnection(sqliteError(code)))).toEqual([false, false, false]);
  expect([10, 11, 26, 1032].map((code) => spoilsConnection(sqliteError(code)))).toEqual([true, true, true, true]);
  expect(spoilsConnection(new TypeError('a bug'))).toBe(false);
});
