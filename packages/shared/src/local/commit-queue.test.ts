import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry } from '../ports/registry.ts';
import { changeClient, testJti, testRecord } from '../testing/fixtures.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../testing/temporary-directory.ts';
import { checkLocalRegistry } from './check-registry.ts';
import { openTunedRegistry } from './local-registry.ts';

let parent: TemporaryDirectory;
let dataDir = '';
let registry: Registry;

beforeEach(() => {
  parent = temporaryDirectory();
  dataDir = join(parent.path, 'data');
  registry = openTunedRegistry({ dataDir, create: true }, { busyMilliseconds: 20 });
});
afterEach(async () => {
  await registry.close();
  await parent.remove();
});

function raw<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(dataDir, 'registry.db'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

const commitAll = (ids: readonly string[]): Promise<PromiseSettledResult<void>[]> =>
  Promise.allSettled(ids.map((id) => registry.commit(changeClient(id))));
const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `client-${n}`);

describe('changes that are committed at the same time', () => {
  it('are one transaction', async () => {
    const watcher = new DatabaseSync(join(dataDir, 'registry.db'));
    const seen = (): unknown => watcher.prepare('SELECT count(*) AS n FROM client').get()?.['n'];
    const pending = commitAll(ids(100));
    expect(seen()).toBe(0);
    await pending;
    expect(seen()).toBe(100);
    watcher.close();
  });

  it('do not fail for one that meets something broken: each of the others holds', async () => {
    const change = changeClient('client-1');
    raw((db) => db.prepare('INSERT INTO event (doc) VALUES (?)').run(JSON.stringify(change.events[0])));
    const outcomes = await commitAll(ids(4));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(
      (await Promise.all(ids(4).map((id) => registry.getClient(id)))).map((client) => client !== undefined),
    ).toEqual([true, false, true, true]);
  });

  it('are refused together, and at once, while another process writes', async () => {
    const blocker = new DatabaseSync(join(dataDir, 'registry.db'));
    blocker.exec('BEGIN IMMEDIATE');
    const outcomes = await commitAll(ids(50));
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
    blocker.exec('ROLLBACK');
    blocker.close();
    expect((await commitAll(ids(50))).every(({ status }) => status === 'fulfilled')).toBe(true);
  });

  it('leave out only what does not fit when the disk is full', async () => {
    await registry.close();
    const pages = raw((db) => Number(db.prepare('PRAGMA page_count').get()?.['page_count']));
    registry = openTunedRegistry({ dataDir, create: true }, { maxPages: pages + 4 });
    const created = Array.from({ length: 60 }, (_, n) => testRecord({ client: 'big', jti: testJti(n, 'b') }));
    const [big, small] = await Promise.allSettled([
      registry.commit(changeClient('big', { created })),
      registry.commit(changeClient('small')),
    ]);
    expect(big).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FULL', outcome: 'not_applied' } });
    expect(small.status).toBe('fulfilled');
    expect(checkLocalRegistry(dataDir)).toEqual([]);
  });

  it('are written before the registry is closed', async () => {
    const committed = registry.commit(changeClient('partner'));
    await registry.close();
    await committed;
    registry = openTunedRegistry({ dataDir, create: false });
    expect(await registry.getClient('partner')).toBeDefined();
  });
});
