/** The parts of a bulk issue on the embedded backend, each bare, on its own, as fast as Node does it. */
import { generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { closeSync, fsync, open, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { promisify } from 'node:util';
import type { Transaction } from './record-writes.ts';

const openFile = promisify(open);
const sync = promisify(fsync);
/** As the command does. */
const FILES_AT_ONCE = 64;

/** What a run of the command came to. */
export interface Issued {
  readonly tokens: readonly string[];
  /** What a run of the command wrote to its registry. */
  readonly transactions: readonly Transaction[];
}

/** Signs what the tokens' signatures stand over, with one ES256 key. */
export function signAll({ tokens }: Issued, privateKey: KeyObject): Uint8Array[] {
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return tokens.map((token) => sign('sha256', Buffer.from(inputOf(token)), key));
}

export function verifyAll({ tokens }: Issued, publicKey: KeyObject, signatures: readonly Uint8Array[]): void {
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  for (const [n, token] of tokens.entries()) {
    const sound = verify('sha256', Buffer.from(inputOf(token)), key, signatures[n] ?? new Uint8Array());
    if (!sound) throw new Error('a signature that does not verify');
  }
}

export function keyPair(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** Writes the same rows to the same tables in the same transactions, each on the disk before the next one begins. */
export function commitAll({ transactions }: Issued, directory: string): void {
  const db = new DatabaseSync(join(directory, 'registry.db'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  const statements = new Map<string, StatementSync>();
  for (const transaction of transactions) {
    db.exec('BEGIN IMMEDIATE');
    for (const [sql, ...values] of transaction) {
      let statement = statements.get(sql);
      if (statement === undefined) statements.set(sql, (statement = db.prepare(sql)));
      statement.run(...values);
    }
    db.exec('COMMIT');
  }
  db.close();
}

/** Writes a file for each token, 64 at once: each is on the disk, and then their names, before the next 64 begin. */
export async function writeAllFiles({ tokens }: Issued, directory: string): Promise<void> {
  for (let from = 0; from < tokens.length; from += FILES_AT_ONCE) {
    const group = tokens.slice(from, from + FILES_AT_ONCE);
    await Promise.all(group.map((token, n) => writeDurably(join(directory, `${from + n}.token`), `${token}\n`)));
    const names = await openFile(directory, 'r');
    await sync(names);
    closeSync(names);
  }
}

async function writeDurably(path: string, content: string): Promise<void> {
  const file = await openFile(path, 'wx', 0o600);
  writeSync(file, content);
  await sync(file);
  closeSync(file);
}

/** What stands before a token's signature. */
function inputOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'));
}
