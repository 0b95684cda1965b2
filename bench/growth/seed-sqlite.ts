/** Fills a registry file with a population: its tables and indexes are the product's, its rows too, the commits are not. */
import { openLocalRegistry } from '@apikey/shared/local';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Population } from './population.ts';
import { rowsOf } from './rows.ts';

/** Nothing waits for the disk, and the indexes, into which rows go all over the place, stay in memory until the end. */
const FOR_IMPORT = 'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -524288';

export async function seedSqlite(dataDir: string, population: Population): Promise<void> {
  await openLocalRegistry({ dataDir, create: true }).close();
  const db = new DatabaseSync(join(dataDir, 'registry.db'));
  db.exec(FOR_IMPORT);
  db.exec('BEGIN');
  const insert = (table: string): StatementSync => db.prepare(`INSERT INTO ${table} (doc) VALUES (?)`);
  const into = { token: insert('token'), event: insert('event'), client: insert('client'), ring: insert('ring') };
  for (const { kind, document } of rowsOf(population)) into[kind].run(document);
  db.exec('COMMIT');
  db.close();
  // The product's own settings again.
  await openLocalRegistry({ dataDir, create: false }).close();
}
