import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sealStoreContract } from '../testing/seal-store-contract.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../testing/temporary-directory.ts';
import { localSealStore } from './seals.ts';

sealStoreContract('the data directory', async () => {
  const { path, remove } = temporaryDirectory();
  return { open: () => localSealStore({ dataDir: path }), remove };
});

describe('the files of seals', () => {
  let directory: TemporaryDirectory;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => directory.remove());

  it('are readable by their owner alone, whatever else lies beside them', async () => {
    const store = localSealStore({ dataDir: directory.path });
    await store.put('2027-01-15T08:00:00.000Z', 'one.small.seal');
    const seals = join(directory.path, 'seals');
    writeFileSync(join(seals, 'zzz-notes.txt'), 'not a seal');
    expect(await store.latest()).toBe('one.small.seal');
    const name = readdirSync(seals).find((entry) => entry.endsWith('.jws')) ?? '';
    expect(name).toMatch(/^2027-01-15T08-00-00\.000Z-/);
    expect(statSync(join(seals, name)).mode & 0o777).toBe(0o600);
    expect(statSync(seals).mode & 0o777).toBe(0o700);
  });

  it('are refused where something else is in their place', async () => {
    writeFileSync(join(directory.path, 'seals'), '');
    const store = localSealStore({ dataDir: directory.path });
    const refused = { name: 'InvalidStateError', code: 'STORE_FOREIGN' };
    await expect(store.put('2027-01-15T08:00:00.000Z', 'one.small.seal')).rejects.toMatchObject(refused);
    await expect(store.latest()).rejects.toMatchObject(refused);
  });
});
