/** `config init` and `config set`: files that work at once, and keep what people wrote into them. */
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorOf, Session } from './session.ts';

const AWS = ['--registry', 'dynamodb:apikey-prod', '--keys', 'awskms:alias/apikey-prod'];

function file(session: Session, name = 'apikey.toml'): string {
  return join(session.cwd, name);
}

describe('config init', () => {
  it('writes a file that is obeyed, for local without a question', async () => {
    using session = new Session();
    const { code, stdout, stderr } = await session.run(['config', 'init']);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain(`Wrote ${file(session)}`);
    expect(readFileSync(file(session), 'utf8')).toMatch(/^# .*\n[^]*env = "local"\n\n\[envs\.local\]\n# where records/);
    expect((await session.run(['config', 'path'])).stdout).toBe(`${file(session)}\n`);
    expect((await session.run(['issue', '--client', 'a'])).code).toBe(0);
  });

  it('takes everything from flags', async () => {
    using session = new Session();
    const issuer = 'https://api.example.gov';
    const argv = ['config', 'init', '--env', 'prod', ...AWS, '--issuer', issuer, '--max-ttl', '30d', '--json'];
    const json = await session.run(argv);
    expect(JSON.parse(json.stdout)).toMatchObject({ file: file(session), env: 'prod' });
    const shown = await session.run(['config', 'show', '--env', 'prod', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      settings: {
        registry: { value: 'dynamodb:apikey-prod' },
        issuer: { value: issuer },
        audience: { value: issuer },
        max_ttl: { value: '30d' },
      },
    });
    expect((await session.run(['config', 'show'])).stdout).toContain('env\tlocal');
  });

  it('asks on a terminal', async () => {
    using session = new Session();
    const stdin = 'prod\n\n\n\nhttps://api.example.gov\n\n';
    const { code, stderr } = await session.run(['config', 'init'], { tty: true, stdin });
    expect(code).toBe(0);
    expect(stderr).toContain('Registry [dynamodb:apikey-prod]: ');
    const text = readFileSync(file(session), 'utf8');
    expect(text).toContain('\nkeys = "awskms:alias/apikey-prod"\n');
    expect(text).toContain('\naudience = "https://api.example.gov"\n');
  });

  it('writes nothing where the answers end, in a rehearsal, over a file, or of what could not work', async () => {
    using session = new Session();
    expect((await session.run(['config', 'init'], { tty: true, stdin: 'prod\n' })).code).toBe(8);
    const rehearsal = await session.run(['config', 'init', '--dry-run']);
    expect([rehearsal.code, rehearsal.stdout.includes('[envs.local]')]).toEqual([0, true]);
    for (const [argv, exit, code] of [
      [['--env', 'prod'], 2, 'CONFIG_INVALID'],
      [['--registry', 'dynamo:x'], 2, 'CONFIG_INVALID'],
      [['--max-ttl', '90'], 2, 'CONFIG_INVALID'],
      [['--env', 'A B'], 2, 'CONFIG_INVALID'],
      [['--keys', 'file:$HOME/x'], 2, 'CONFIG_INVALID'],
      [['--user', '--config', 'x.toml'], 2, 'USAGE'],
    ] as const) {
      const result = await session.run(['config', 'init', ...argv, '--json']);
      expect([argv, result.code, errorOf(result).code]).toEqual([argv, exit, code]);
    }
    expect(existsSync(file(session))).toBe(false);
    writeFileSync(file(session), '# mine\n');
    const over = await session.run(['config', 'init', '--json']);
    expect([over.code, errorOf(over).code]).toEqual([5, 'FILE_EXISTS']);
    expect(readFileSync(file(session), 'utf8')).toBe('# mine\n');
  });

  it('writes the file of the user, or one that is named', async () => {
    using session = new Session();
    expect((await session.run(['config', 'init', '--user'])).code).toBe(0);
    expect((await session.run(['config', 'path'])).stdout).toBe(
      `${join(session.home, '.config/apikey/config.toml')}\n`,
    );
    expect((await session.run(['config', 'init', '--config', 'other.toml'])).code).toBe(0);
    expect(existsSync(file(session, 'other.toml'))).toBe(true);
  });
});

describe('config set', () => {
  it('changes one setting, in the environment in force or in the one that is named', async () => {
    using session = new Session();
    await session.run(['config', 'init']);
    expect((await session.run(['config', 'set', 'max_ttl', '30d'])).code).toBe(0);
    expect((await session.run(['config', 'set', 'max-staleness', '5', '--json'])).stdout).toContain('"changed":true');
    expect((await session.run(['config', 'set', 'max_ttl', '30d'])).stderr).toContain('is set already');
    const shown = await session.run(['config', 'show', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      settings: { max_ttl: { value: '30d' }, max_staleness: { value: '5' } },
    });
    expect(readFileSync(file(session), 'utf8')).toContain('# longest lifetime of any token\n# max_ttl');
  });

  it('refuses what could not be in force, and changes nothing then or in a rehearsal', async () => {
    using session = new Session();
    expect(errorOf(await session.run(['config', 'set', 'max_ttl', '30d', '--json'])).code).toBe('CONFIG_NOT_FOUND');
    await session.run(['config', 'init']);
    const before = readFileSync(file(session), 'utf8');
    for (const [argv, code] of [
      [['max_ttl', '30'], 'CONFIG_INVALID'],
      [['max_tll', '30d'], 'INVALID_INPUT'],
      [['max_staleness', '301'], 'CONFIG_INVALID'],
      [['max_staleness', '5s'], 'CONFIG_INVALID'],
      [['env', 'prod'], 'ENV_UNKNOWN'],
      [['issuer', 'https://x', '--env', 'prod'], 'CONFIG_INVALID'],
      [['keys', 'file:$HOME/x'], 'CONFIG_INVALID'],
      [['max_ttl'], 'USAGE'],
      [['max_ttl', ''], 'USAGE'],
    ] as const) {
      const result = await session.run(['config', 'set', ...argv, '--json']);
      expect([argv, result.code, errorOf(result).code]).toEqual([argv, 2, code]);
    }
    expect((await session.run(['config', 'set', 'max_ttl', '30d', '--dry-run'])).stderr).toContain('would set max_ttl');
    expect(readFileSync(file(session), 'utf8')).toBe(before);
  });

  it('keeps the mode of the file and a link to it, and obeys no file that others may write', async () => {
    using session = new Session();
    writeFileSync(file(session, 'real.toml'), 'env = "local"\n', { mode: 0o640 });
    symlinkSync('real.toml', file(session));
    expect((await session.run(['config', 'set', 'max_ttl', '30d'])).code).toBe(0);
    expect(readFileSync(file(session, 'real.toml'), 'utf8')).toBe('env = "local"\n\n[envs.local]\nmax_ttl = "30d"\n');
    expect(statSync(file(session, 'real.toml')).mode & 0o777).toBe(0o640);
    chmodSync(file(session, 'real.toml'), 0o666);
    expect(errorOf(await session.run(['config', 'set', 'max_ttl', '9d', '--json'])).code).toBe('CONFIG_UNTRUSTED');
  });
});
