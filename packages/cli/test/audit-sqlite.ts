/** Puts documents into a registry file with SQL, past the program and its rules. */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { openLocalRegistry } from '@apikey/shared/local';
import type { Documents } from './audit-documents.ts';

const TABLES = { clients: 'client', rings: 'ring', records: 'token', requests: 'request', events: 'event' } as const;

/** Sets the registry up if need be, and makes it hold these documents and nothing else. */
export async function replaceRegistry(dataDir: string, documents: Documents): Promise<void> {
  await openLocalRegistry({ dataDir, create: true }).close();
  edit(dataDir, (db) => {
    for (const [name, table] of Object.entries(TABLES) as [keyof Documents, string][]) {
      db.exec(`DELETE FROM ${table}`);
      const insert = db.prepare(`INSERT INTO ${table} (doc) VALUES (?)`);
      for (const document of documents[name]) insert.run(JSON.stringify(document));
    }
  });
}

export function edit(dataDir: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(dataDir, 'registry.db'), { timeout: 5000 });
  try {
    db.exec('BEGIN IMMEDIATE');
    work(db);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}
