/** `apikey doctor` on the embedded backend: each thing that may be wrong is found, said, and mended by what it says. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Session, type RunOptions } from './session.ts';

interface Check {
  readonly name: string;
  readonly ok: boolean | null;
  readonly what: string;
  readonly why: string | null;
  readonly fix: string | null;
}

async function findings(session: Session, options: RunOptions = {}): Promise<Check[]> {
  const { code, stdout, stderr } = await session.run(['doctor', '--json'], options);
  const report: { ok: boolean; findings: number; checks: Check[] } = JSON.parse(stdout);
  const found = report.checks.filter(({ ok }) => ok === false);
  expect(stderr).toBe('');
  expect(code).toBe(found.length === 0 ? 0 : 11);
  expect(report).toMatchObject({ ok: found.length === 0, findings: found.length, env: 'local' });
  for (const { why, fix } of found) expect([typeof why, typeof fix]).toEqual(['string', 'string']);
  return found;
}

describe('apikey doctor', () => {
  let session: Session;
  let kid = '';
  const path = (...parts: string[]): string => join(session.dataDir, ...parts);

  beforeEach(async () => {
    session = new Session();
    ({ kid } = JSON.parse((await session.run(['init', '--json'])).stdout));
    return () => session[Symbol.dispose]();
  });

  it('finds nothing wrong with an environment that was just set up', async () => {
    const { code, stdout, stderr } = await session.run(['doctor']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replaceAll(session.dataDir, 'DATA').replaceAll(kid.slice(0, 12), 'KID')).toMatchInlineSnapshot(`
      "✓ registry  DATA/registry.db is sound
      ✓ modes     DATA is for its owner alone
      ✓ ring      KID signs, of 1 key in the ring
      ✓ key       KID (active, ES256) has its public half
      ✓ sign      the active key signs
      ✓ modes     DATA/keys is for its owner alone
      ✓ unused    no key file is outside the ring
      – locks     registry and signing keys lie side by side: whoever can read or write there can make tokens
      ✓ pending   no token has been pending for more than a day
      ✓ times     no event of the last 30 days goes back in time, and none is dated in the future
      ✓ bound     a revocation holds for the next request (gateway_result_ttl 0 + max_staleness 0 + stale_if_error 0)

      no findings in environment local
      "
    `);
  });

  it('says how to set up an environment that is not there yet', async () => {
    using bare = new Session();
    expect(await findings(bare)).toMatchObject([{ name: 'registry', fix: 'run: apikey init --env local' }]);
    expect(readdirSync(bare.home)).toEqual(['work']);
  });

  it('finds files that others may read, and gives the command that mends each', async () => {
    chmodSync(path(), 0o755);
    chmodSync(path('registry.db'), 0o640);
    chmodSync(path('keys', `${kid}.jwk`), 0o644);
    const found = await findings(session);
    const modes = found.filter(({ name }) => name === 'modes');
    expect(modes.map(({ fix }) => fix)).toEqual([
      `chmod 0700 ${path()}`,
      `chmod 0600 ${path('registry.db')}*`,
      `chmod 0600 ${path('keys', `${kid}.jwk`)}`,
    ]);
    // Such a key is not signed with either.
    expect(found.map(({ name }) => name)).toContain('sign');
    for (const { fix } of modes) {
      expect(spawnSync('/bin/sh', ['-c', fix ?? '']).status).toBe(0);
    }
    expect(await findings(session)).toEqual([]);
  });

  it('finds a registry file that is damaged', async () => {
    await session.issue('--client', 'partner');
    for (const name of ['registry.db-wal', 'registry.db-shm']) rmSync(path(name), { force: true });
    truncateSync(path('registry.db'), 5_000);
    const [found] = await findings(session);
    expect(found).toMatchObject({ name: 'registry', fix: expect.stringContaining('backup') });
  });

  it('finds a file in place of the registry', async () => {
    writeFileSync(path('registry.db'), 'no database');
    expect((await findings(session)).map(({ name }) => name)).toContain('registry');
  });

  it('finds that a half of the active key is missing, or another key', async () => {
    renameSync(path('keys', `${kid}.jwk`), path('away.jwk'));
    expect(await findings(session)).toMatchObject([
      { name: 'sign', what: 'the private half of a signing key is missing' },
    ]);
    renameSync(path('away.jwk'), path('keys', `${kid}.jwk`));
    expect(await findings(session)).toEqual([]);
    renameSync(path('public', `${kid}.jwk`), path('away.jwk'));
    expect((await findings(session)).map(({ name }) => name)).toEqual(['key', 'sign']);
    using other = new Session();
    const made: { kid: string } = JSON.parse((await other.run(['init', '--json'])).stdout);
    copyFileSync(join(other.dataDir, 'public', `${made.kid}.jwk`), path('public', `${kid}.jwk`));
    expect((await findings(session))[0]).toMatchObject({ name: 'key', what: expect.stringContaining('is damaged') });
  });

  it('finds that an encrypted key cannot be opened, and is content without asking where told to', async () => {
    using locked = new Session();
    const env = { APIKEY_KEYS_PASSPHRASE: 'correct horse battery staple' };
    await locked.run(['init'], { env });
    expect(await findings(locked, { env })).toEqual([]);
    expect(await findings(locked)).toMatchObject([{ name: 'sign' }]);
    expect(await locked.run(['doctor', '--no-sign'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('– sign '),
    });
  });

  it('finds key files that no ring names', async () => {
    const stray = 'B'.repeat(43);
    copyFileSync(path('keys', `${kid}.jwk`), path('keys', `${stray}.jwk`));
    expect(await findings(session)).toMatchObject([
      {
        name: 'unused',
        what: `${path('keys', `${stray}.jwk`)} belongs to no key in the ring of local`,
        fix: expect.stringContaining('keep it'),
      },
    ]);
  });

  it('finds tokens that have been pending for more than a day', async () => {
    const failed = await session.run(['issue', '--client', 'partner'], { stdoutFails: 'ENOSPC' });
    expect(failed.code).toBe(6);
    session.now += 86_400_000;
    expect(await findings(session)).toEqual([]);
    session.now += 1_000;
    const [found] = await findings(session);
    expect(found).toMatchObject({
      name: 'pending',
      what: '1 token has been pending for more than a day',
      why: expect.stringMatching(/^issued and never activated: [0-9a-f-]{36} of partner, 2026-11-20T12:00:00Z$/),
      fix: expect.stringContaining('apikey revoke --env local JTI'),
    });
    const [jti = ''] = /[0-9a-f-]{36}/.exec(found?.why ?? '') ?? [];
    expect((await session.run(['revoke', jti, '--yes'])).code).toBe(0);
    expect(await findings(session)).toEqual([]);
  });

  it('finds that no key is active', async () => {
    expect((await session.run(['keys', 'revoke', `--confirm=${kid}`, '--', kid])).code).toBe(0);
    expect(await findings(session)).toMatchObject([{ name: 'ring', what: 'no key is active' }]);
  });

  it('states the bound that the configuration of the authorizers comes to', async () => {
    writeFileSync(
      join(session.cwd, 'apikey.toml'),
      '[envs.local]\ngateway_result_ttl = 300\nmax_staleness = 5\nstale_if_error = 10\n',
    );
    const { stdout } = await session.run(['doctor']);
    expect(stdout).toContain(
      'a revocation holds everywhere within 317 s (gateway_result_ttl 300 + max_staleness 5 + stale_if_error 10 + 2)',
    );
    expect(JSON.parse((await session.run(['doctor', '--json'])).stdout)).toMatchObject({ revocationSeconds: 317 });
  });
});
