/** What cannot be got back is never advised: `doctor` sees one ring, and a key that is gone takes its tokens along. */
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import { call } from './aws-wire.ts';
import { Session } from './session.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** A command that destroys something, as a person would copy it from an error, a finding or a page. */
const DESTROYS =
  /\bschedule-key-deletion\b|\bdisable-key\b|\bdelete-(?:alias|table|item|key|secret|object|stack|backup)\b|(?:^|[\s`'"])(?:rm|unlink|shred|truncate) +(?:-\w+ +)*(?:\$\{|[./~]|[\w.]+\/)|\bDROP TABLE\b|\bDELETE FROM\b/;

it('no error, finding or page prints a command that destroys something', () => {
  const paths = globSync(['packages/*/src/**/*.ts', 'docs/**/*.md', '*.md'], { cwd: ROOT });
  expect(paths.length).toBeGreaterThan(400);
  const offers = paths
    .filter((path) => !/\.(?:test|fixture)\.ts$/.test(path))
    .flatMap((path) => readFileSync(join(ROOT, path), 'utf8').split('\n'))
    .filter((line) => DESTROYS.test(line));
  expect(offers).toEqual([]);
});

it('a ring that was made anew, over the key files of the one that was lost', async () => {
  using session = new Session();
  await session.issue('--client', 'partner');
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(session.dataDir, `registry.db${suffix}`), { force: true });
  expect((await session.run(['init'])).code).toBe(0);
  const { code, stdout } = await session.run(['doctor']);
  expect(code).toBe(11);
  expect(stdout).toMatch(/belongs to no key in the ring of local/);
  expect(stdout).not.toMatch(/used by nothing|nothing that it signed|\brm\b|delet/);
});

const aws = await awsForTests();
describeOnEmulator(aws, 'two environments on one alias base', (endpoint) => {
  const session = new AwsSession();
  afterAll(() => {
    vi.unstubAllEnvs();
    session[Symbol.dispose]();
  });

  it('says of the key of the other no more than that it is not in this ring', async () => {
    stubTestAws(aws, session);
    const keys = `keys = "awskms:${session.aliasBase}"`;
    const places = 'issuer = "https://api.example.gov"\naudience = "https://api.example.gov"';
    const env = (name: string): string =>
      `[envs.${name}]\nregistry = "dynamodb:${session.table}-${name}"\n${keys}\n${places}\n`;
    writeFileSync(join(session.cwd, 'apikey.toml'), env('prod') + env('staging'));
    for (const name of ['prod', 'staging']) {
      expect((await session.run(['init', '--env', name, '--yes'])).code).toBe(0);
      await session.issue('--env', name, '--client', 'partner');
    }
    const look = async (name: string): Promise<string> => (await session.run(['doctor', '--env', name])).stdout;
    expect(await look('staging')).toMatch(/key\/\S+ is not in the ring of staging/);
    expect(await look('staging')).not.toMatch(
      /used by nothing|nothing that it signed|schedule-key|disable-key|delete-/,
    );
    // The same where a table was lost, and its environment set up again.
    const table = { TableName: `${session.table}-prod` };
    await call(endpoint, 'dynamodb', 'UpdateTable', { ...table, DeletionProtectionEnabled: false });
    await call(endpoint, 'dynamodb', 'DeleteTable', table);
    expect((await session.run(['init', '--env', 'prod', '--yes'])).code).toBe(0);
    const found = await look('prod');
    expect(found.match(/is not in the ring of prod/g)).toHaveLength(2);
    expect(found).not.toMatch(/used by nothing|nothing that it signed|schedule-key|disable-key|delete-/);
  });
});
