import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry } from '../ports/registry.ts';
import { collect } from '../testing/collect.ts';
import { changeClient, testJti, testRecord } from '../testing/fixtures.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../testing/temporary-directory.ts';
import { checkLocalRegistry } from './check-registry.ts';
import { openLocalRegistry, openTunedRegistry } from './local-registry.ts';
import type { Tuning } from './registry-file.ts';
import { localUsage } from './usage.ts';

let parent: TemporaryDirectory;
let dataDir = '';
let db = '';
const opened: Registry[] = [];

beforeEach(() => {
  parent = temporaryDirectory();
  dataDir = join(parent.path, 'data');
  db = join(dataDir, 'registry.db');
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((registry) => registry.close()));
  await parent.remove();
});

function open(options: { create?: boolean; readOnly?: boolean } = {}, tuning: Partial<Tuning> = {}): Registry {
  const registry = openTunedRegistry({ dataDir, create: true, ...options }, tuning);
  opened.push(registry);
  return registry;
}

/** A registry on disk with one client, closed. */
async function seed(id = 'partner'): Promise<void> {
  const registry = openLocalRegistry({ dataDir, create: true });
  await registry.commit(changeClient(id, { created: [testRecord({ client: id, jti: jtiOf(id) })] }));
  await registry.close();
}

function jtiOf(id: string): string {
  return testJti(id.length, id === 'partner' ? 'a' : 'f');
}

/** A plain connection, as another program would make it. */
function raw<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(db);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

describe('opening', () => {
  it('says how to set a registry up where there is none', () => {
    const thrown = {
      name: 'NotFoundError',
      code: 'REGISTRY_NOT_FOUND',
      fix: expect.stringMatching(/apikey issue.*apikey init/),
    };
    expect(() => open({ create: false })).toThrow(expect.objectContaining(thrown));
    mkdirSync(dataDir);
    expect(() => open({ create: false })).toThrow(expect.objectContaining(thrown));
    expect(() => open({ create: false, readOnly: true })).toThrow(expect.objectContaining(thrown));
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('takes an empty file for a registry whose making was interrupted', async () => {
    mkdirSync(dataDir);
    writeFileSync(db, '');
    expect(() => open({ create: false })).toThrow(expect.objectContaining({ code: 'REGISTRY_NOT_FOUND' }));
    await open().commit(changeClient('partner'));
    expect(await open({ create: false }).getClient('partner')).toBeDefined();
  });

  it('reads without the ability to write when asked to', async () => {
    await seed();
    const reader = open({ create: false, readOnly: true });
    const client = await reader.getClient('partner');
    expect(client?.version).toBe(1);
    const refused = { name: 'AccessDeniedError', code: 'ACCESS_DENIED' };
    await expect(reader.commit(changeClient('partner', { before: client }))).rejects.toMatchObject(refused);
  });

  it('refuses a data directory, or a registry, that is something else', () => {
    writeFileSync(dataDir, 'a file');
    const refused = { name: 'InvalidStateError', code: 'STORE_FOREIGN' };
    expect(() => open()).toThrow(expect.objectContaining(refused));
    expect(() => open({ create: false })).toThrow(expect.objectContaining(refused));
    expect(readFileSync(dataDir, 'utf8')).toBe('a file');
    rmSync(dataDir);
    mkdirSync(db, { recursive: true });
    expect(() => open()).toThrow(expect.objectContaining(refused));
  });

  it('refuses the database of another program, and leaves it as it is', () => {
    mkdirSync(dataDir);
    raw((database) => database.exec('CREATE TABLE contacts (name TEXT)'));
    const before = readFileSync(db);
    expect(() => open()).toThrow(expect.objectContaining({ name: 'InvalidStateError', code: 'STORE_FOREIGN' }));
    expect(readFileSync(db)).toEqual(before);
  });

  it('refuses a file that is no database, and leaves it as it is', () => {
    mkdirSync(dataDir);
    const text = 'not a database\n'.repeat(100);
    writeFileSync(db, text);
    expect(() => open()).toThrow(expect.objectContaining({ name: 'InvalidStateError', code: 'STORE_FOREIGN' }));
    expect(readFileSync(db, 'utf8')).toBe(text);
  });

  it('refuses a registry of a newer version', async () => {
    await seed();
    raw((database) => database.exec('PRAGMA user_version = 1000'));
    const refused = { code: 'STORE_FOREIGN', fix: 'update apikey', why: expect.stringContaining('version 1000') };
    expect(() => open()).toThrow(expect.objectContaining(refused));
    expect(() => open({ create: false, readOnly: true })).toThrow(expect.objectContaining(refused));
  });

  it('refuses to use a handle that was closed', async () => {
    await seed();
    const registry = open();
    await registry.close();
    await expect(registry.getClient('partner')).rejects.toMatchObject({ name: 'UnavailableError' });
  });
});

describe('a registry of version 1, which kept no usage and listed by expiry', () => {
  const use = { jti: testJti(1), client: 'partner', usedAt: 1_800_000_000 };
  const exp = use.usedAt + 86_400;

  async function seedVersion1(): Promise<void> {
    await seed();
    makeVersion1();
  }
  function makeVersion1(): void {
    raw((database) =>
      database.exec(`
        DROP TABLE usage;
        DROP INDEX request_client;
        DROP INDEX token_end;
        ALTER TABLE token DROP COLUMN ends;
        CREATE UNIQUE INDEX token_exp ON token (exp, jti);
        PRAGMA user_version = 1`),
    );
  }
  const version = (): unknown => raw((database) => database.prepare('PRAGMA user_version').get()?.['user_version']);

  it('is read as it is, without usage, and is left so', async () => {
    await seedVersion1();
    const reader = open({ create: false, readOnly: true });
    expect(await reader.getClient('partner')).toBeDefined();
    expect(await reader.lastUses([use.jti])).toEqual(new Map());
    expect(checkLocalRegistry(dataDir)).toEqual([]);
    expect(version()).toBe(1);
  });

  it.each<[string, () => Promise<void>]>([
    ['a registry that is opened for writing', async () => open({ create: false }).close()],
    ['a use that is recorded', async () => localUsage({ dataDir }).recordUse({ ...use, exp })],
  ])('is brought up to date by %s, under a reader that goes on', async (_, write) => {
    await seedVersion1();
    const reader = open({ create: false, readOnly: true });
    expect(await reader.lastUses([use.jti])).toEqual(new Map());
    await write();
    expect(version()).toBe(4);
    expect(await reader.getClient('partner')).toBeDefined();
    await localUsage({ dataDir }).recordUse({ ...use, exp });
    expect(await reader.lastUses([use.jti])).toEqual(new Map([[use.jti, use]]));
  });

  it('finds tokens by the end of their life, page by page, before and after it is brought up to date', async () => {
    const start = testRecord().iat;
    const lives = [
      { exp: start + 400 },
      { exp: start + 300, liveUntil: start + 1 },
      { exp: start + 350, liveUntil: start + 210 },
      { exp: start + 200 },
      { exp: start + 250 },
    ];
    const created = lives.map((life, n) => testRecord({ jti: testJti(n), ...life }));
    await open().commit(changeClient('partner', { created }));
    makeVersion1();
    const reader = open({ create: false, readOnly: true }, { pageSize: 2 });
    const ends = async (latestFirst: boolean): Promise<number[]> => {
      const records = await collect(reader.tokensByEnd(start + 200, start + 400, { latestFirst }));
      return records.map(({ liveUntil }) => liveUntil - start);
    };
    // In the order of expiry: there is no index of anything else yet.
    expect(await ends(false)).toEqual([200, 250, 210]);
    expect(await ends(true)).toEqual([200, 250, 210]);
    await open({ create: false }).close();
    expect(await ends(false)).toEqual([200, 210, 250]);
    expect(await ends(true)).toEqual([250, 210, 200]);
  });

  it.each(["json_remove(doc, '$.liveUntil')", "json_set(doc, '$.liveUntil', 1.5)"])(
    'is brought up to date although an entry of it was damaged: %s',
    async (expression) => {
      await seedVersion1();
      raw((database) => database.exec(`UPDATE token SET doc = ${expression}`));
      await open({ create: false }).commit(changeClient('another'));
      expect(version()).toBe(4);
      expect(checkLocalRegistry(dataDir)).toEqual([]);
    },
  );
});

describe('last uses', () => {
  const use = { jti: testJti(1), client: 'partner', usedAt: 1_800_000_000 };
  const exp = use.usedAt + 86_400;

  it('are lost while another process writes, and are recorded once it is done', async () => {
    await seed();
    const recorder = localUsage({ dataDir });
    const blocker = new DatabaseSync(db);
    blocker.exec('BEGIN IMMEDIATE');
    await expect(recorder.recordUse({ ...use, exp })).rejects.toMatchObject({ name: 'UnavailableError' });
    blocker.exec('ROLLBACK');
    blocker.close();
    await recorder.recordUse({ ...use, exp });
    expect(await open().lastUses([use.jti])).toEqual(new Map([[use.jti, use]]));
    await recorder.close();
  });

  it('have nowhere to go without a registry, and none is made for them', async () => {
    const recorder = localUsage({ dataDir });
    await expect(recorder.recordUse({ ...use, exp })).rejects.toMatchObject({ code: 'REGISTRY_NOT_FOUND' });
    expect(existsSync(dataDir)).toBe(false);
    await seed();
    await recorder.recordUse({ ...use, exp });
    await recorder.close();
  });

  it('that were changed into nonsense count as absent, beside those that are sound', async () => {
    await seed();
    const recorder = localUsage({ dataDir });
    const sound = { ...use, jti: testJti(2) };
    await recorder.recordUse({ ...use, exp });
    await recorder.recordUse({ ...sound, exp });
    raw((database) => database.exec(`UPDATE usage SET doc = json_remove(doc, '$.client') WHERE jti = '${use.jti}'`));
    expect(await open().lastUses([use.jti, sound.jti])).toEqual(new Map([[sound.jti, sound]]));
    await recorder.close();
  });
});

describe('damage', () => {
  it('reports bytes that were overwritten, and finds them when asked', async () => {
    const registry = open();
    const created = Array.from({ length: 80 }, (_, n) => testRecord({ jti: testJti(n) }));
    await registry.commit(changeClient('partner', { created }));
    await registry.close();
    expect(checkLocalRegistry(dataDir)).toEqual([]);
    // Every page but the first, which says what kind of file it is.
    writeFileSync(db, Buffer.concat([readFileSync(db).subarray(0, 4096), Buffer.alloc(200_000, 0xa5)]));
    await expect(open({ create: false }).getClient('partner')).rejects.toMatchObject({
      name: 'InvalidStateError',
      code: 'STORE_DAMAGED',
    });
    expect(checkLocalRegistry(dataDir)).not.toEqual([]);
  });

  it('reports a file that was cut short', async () => {
    await seed();
    writeFileSync(db, readFileSync(db).subarray(0, 6000));
    const read = async (): Promise<unknown> => open({ create: false }).getClient('partner');
    await expect(read()).rejects.toMatchObject({ name: 'InvalidStateError', code: 'STORE_DAMAGED' });
  });

  it.each([
    ['a state that does not exist', `json_set(doc, '$.state', 'alive')`],
    ['a member that this version does not know', `json_set(doc, '$.colour', 'red')`],
    ['a life that ends after its expiry', `json_set(doc, '$.liveUntil', 9999999999)`],
    ['a missing member', `json_remove(doc, '$.payloadSha256')`],
    ['a life without an end', `json_remove(doc, '$.liveUntil')`],
    ['a life that ends at no time', `json_set(doc, '$.liveUntil', 'never')`],
    [
      'two clients, found under the first',
      `replace(doc, '"client":"partner"', '"client":"partner","client":"admins"')`,
    ],
    ['two ids, one of them escaped', String.raw`replace(doc, '"exp":', '"j\u0074i":"x","exp":')`],
    ['a text that has no UTF-8', String.raw`replace(doc, '"iss":', '"note":"\ud800","iss":')`],
  ])('reports an entry with %s instead of reading it', async (_, expression) => {
    await seed();
    raw((database) => database.exec(`UPDATE token SET doc = ${expression}`));
    const registry = open({ create: false });
    const damaged = { name: 'InvalidStateError', code: 'STORE_DAMAGED' };
    await expect(registry.readStatus(jtiOf('partner'), 'partner')).rejects.toMatchObject(damaged);
    await expect(collect(registry.tokensOfClient('partner'))).rejects.toMatchObject(damaged);
    await expect(collect(registry.tokensByEnd(0, 9_999_999_999))).rejects.toMatchObject(damaged);
    expect(await registry.getClient('partner')).toBeDefined();
  });
});

describe('a registry file that moves', () => {
  it('is missed at the next read, and found again with all that was committed before', async () => {
    const registry = open();
    await registry.commit(changeClient('partner', { created: [testRecord()] }));
    const away = join(parent.path, 'away.db');
    renameSync(db, away);
    const gone = { name: 'UnavailableError', code: 'UNAVAILABLE' };
    await expect(registry.readStatus(testJti(1), 'partner')).rejects.toMatchObject(gone);
    await expect(registry.readKeyRing()).rejects.toMatchObject(gone);
    await expect(registry.commit(changeClient('other'))).rejects.toMatchObject({ ...gone, outcome: 'not_applied' });
    await expect(collect(registry.clients())).rejects.toMatchObject(gone);
    renameSync(away, db);
    const { record, client } = await registry.readStatus(testJti(1), 'partner');
    expect(record).toEqual(testRecord());
    await registry.commit(changeClient('partner', { before: client }));
    expect((await registry.getClient('partner'))?.version).toBe(2);
  });

  it('is missed together with its directory, and found again', async () => {
    const registry = open();
    await registry.commit(changeClient('partner'));
    renameSync(dataDir, `${dataDir}-away`);
    await expect(registry.getClient('partner')).rejects.toMatchObject({ name: 'UnavailableError' });
    expect(existsSync(dataDir)).toBe(false);
    renameSync(`${dataDir}-away`, dataDir);
    expect(await registry.getClient('partner')).toBeDefined();
  });

  it('is whole without its log once the last writer has closed, though a reader is still there', async () => {
    await seed();
    const reader = open({ create: false });
    expect(await reader.getClient('second')).toBeUndefined();
    await seed('second');
    const copy = join(parent.path, 'copy');
    mkdirSync(copy);
    copyFileSync(db, join(copy, 'registry.db'));
    const restored = openLocalRegistry({ dataDir: copy, create: false });
    expect(await restored.getClient('second')).toBeDefined();
    await restored.close();
    expect(await reader.getClient('second')).toBeDefined();
  });

  it('is read anew when another registry takes its place', async () => {
    await seed();
    const registry = open({ create: false });
    expect(await registry.getClient('partner')).toBeDefined();
    const other = `${dataDir}-other`;
    renameSync(dataDir, `${dataDir}-old`);
    await seed('replacement');
    renameSync(dataDir, other);
    renameSync(other, dataDir);
    expect(await registry.getClient('partner')).toBeUndefined();
    expect(await registry.getClient('replacement')).toBeDefined();
  });

  it('is not replaced by a new one as long as its log is waiting for it', async () => {
    const registry = open();
    await registry.commit(changeClient('partner'));
    renameSync(db, `${db}.away`);
    await expect(registry.getClient('partner')).rejects.toMatchObject({ name: 'UnavailableError' });
    const refused = { name: 'InvalidStateError', code: 'STORE_DAMAGED', fix: expect.stringContaining('put it back') };
    expect(() => open()).toThrow(expect.objectContaining(refused));
    renameSync(`${db}.away`, db);
    expect(await open().getClient('partner')).toBeDefined();
  });
});

describe('limits', () => {
  it('waits for another writer only so long, and writes nothing then', async () => {
    await seed();
    const registry = open({}, { busyMilliseconds: 20 });
    const blocker = new DatabaseSync(db);
    blocker.exec('BEGIN IMMEDIATE');
    const refused = { name: 'UnavailableError', code: 'UNAVAILABLE', outcome: 'not_applied' };
    await expect(registry.commit(changeClient('other'))).rejects.toMatchObject(refused);
    // Readers are not held up.
    expect(await registry.getClient('partner')).toBeDefined();
    blocker.exec('ROLLBACK');
    blocker.close();
    await registry.commit(changeClient('other'));
    expect(await registry.getClient('other')).toBeDefined();
  });

  it('refuses what does not fit any more, keeps what there is, and goes on once there is room', async () => {
    await seed();
    const pages = raw((database) => Number(database.prepare('PRAGMA page_count').get()?.['page_count']));
    const full = open({}, { maxPages: pages + 2 });
    const created = Array.from({ length: 60 }, (_, n) => testRecord({ client: 'big', jti: testJti(n, 'b') }));
    const change = changeClient('big', { created });
    await expect(full.commit(change)).rejects.toMatchObject({
      name: 'UnavailableError',
      code: 'STORE_FULL',
      outcome: 'not_applied',
    });
    expect(await full.getClient('big')).toBeUndefined();
    expect(await collect(full.tokensOfClient('partner'))).toHaveLength(1);
    await full.close();
    const registry = open();
    await registry.commit(change);
    expect(await collect(registry.tokensOfClient('big'))).toHaveLength(60);
    expect(checkLocalRegistry(dataDir)).toEqual([]);
  });

  it('keeps a note in any script as it is', async () => {
    const registry = open();
    const note = '東京 👩‍⚕️ Ñandú \u0000 \u{10ffff}';
    await registry.commit(changeClient('partner', { created: [testRecord({ note })] }));
    expect((await registry.getToken('partner', testJti(1)))?.note).toBe(note);
  });
});
