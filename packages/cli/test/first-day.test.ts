/** The commands that people look for, and the words of other programs that they try. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorOf, Session } from './session.ts';

describe('apikey', () => {
  it('without a word shows the first steps', async () => {
    using session = new Session();
    const { code, stdout, stderr } = await session.run([]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('apikey issue --client NAME');
    expect(stdout.split('\n').length).toBeLessThan(24);
  });

  it('tells its version', async () => {
    using session = new Session();
    expect((await session.run(['version'])).stdout).toBe((await session.run(['--version'])).stdout);
    expect(JSON.parse((await session.run(['version', '--json'])).stdout)).toMatchObject({ version: '0.1.0' });
  });
});

describe('a word of another program', () => {
  it.each([
    [['create'], 'apikey issue'],
    [['new'], 'apikey issue'],
    [['add', '--client', 'a'], 'apikey issue'],
    [['delete', 'x'], 'apikey revoke'],
    [['rm', 'x', '--yes'], 'apikey revoke'],
    [['remove', 'x'], 'apikey revoke'],
    [['whoami'], 'apikey status'],
    [['info', '--json'], 'apikey status'],
    [['login'], 'aws sso login'],
    [['ls'], 'apikey list'],
    [['clients', 'delete', 'partner'], 'apikey clients revoke'],
    [['clients', 'create', 'partner'], 'apikey clients set'],
    [['keys', 'rm', 'x'], 'apikey keys retire'],
    [['config', 'get', 'env'], 'apikey config show'],
    [['issue', 'partner'], '--client partner'],
    [['list', 'partner'], '--client partner'],
    [['issue', '--client', 'a', '--output', 'json'], '--json'],
    [['issue', '--client', 'a', '-o', 'json'], '--json'],
    [['issue', '--client', 'a', '-ojson'], '--json'],
    [['issue', '--client', 'a', '--output=JSON'], '--json'],
    [['issue', '--client', 'a', '--output', 'jsonl'], '--format jsonl'],
    [['report', '-o', 'text'], '--format'],
    [['list', '--output', 'json'], '--json'],
    [['list', '-o', 'yaml'], '--json'],
    [['list', '--format', 'yaml'], '--help'],
    [['issue', 'partner', 'billing'], '--client partner'],
    [['constructor'], '--help'],
    [['config', 'toString'], '--help'],
  ])('%j runs nothing, and names what to run: %s', async (argv, fix) => {
    using session = new Session();
    const result = await session.run([...argv, '--json']);
    expect([result.code, result.stdout]).toEqual([2, '']);
    expect(errorOf(result).fix).toContain(fix);
    expect([readdirSync(session.home), readdirSync(session.cwd)]).toEqual([['work'], []]);
  });

  it('is only taken for another within two edits', async () => {
    using session = new Session();
    expect((await session.run(['rotaet'])).stderr).toContain('did you mean rotate?');
    expect((await session.run(['xpiing'])).stderr).toContain('did you mean expiring?');
    expect((await session.run(['exporters'])).stderr).not.toContain('did you mean');
    expect((await session.run(['list', '--expiring-whitin', '1d'])).stderr).toContain(
      'did you mean --expiring-within?',
    );
    expect((await session.run(['list', '--expiry-within', '1d'])).stderr).not.toContain('did you mean');
  });
});

describe('status', () => {
  it('tells where one is before and after the first token', async () => {
    using session = new Session();
    const bare = await session.run(['status', '--json']);
    expect(JSON.parse(bare.stdout)).toMatchObject({ env: 'local', setUp: false, activeKey: null, tokens: null });
    expect((await session.run(['status'])).stdout).toContain('not yet; run: apikey init');
    await session.issue('--client', 'a');
    await session.issue('--client', 'b', '--ttl', '10d');
    await session.run(['issue', '--client', 'b'], { stdoutFails: 'EIO' });
    await session.run(['clients', 'suspend', 'a', '--yes']);
    session.now += 2 * 86_400_000;
    const { stdout } = await session.run(['status', '--json'], { env: { APIKEY_ENV: 'local' } });
    expect(JSON.parse(stdout)).toMatchObject({
      envSource: 'APIKEY_ENV',
      files: [],
      account: null,
      setUp: true,
      activeKey: { alg: 'ES256', activeSince: '2026-11-20T12:00:00Z' },
      tokens: { live: 1, endingSoon: 1, pending: 1, other: 1, complete: true },
      attention: { expiring: 1, pending: 1, no_contact: 2 },
    });
    const text = await session.run(['status', '--env', 'local']);
    expect(text.stdout).toMatch(/environment +local \(from --env\)\n/);
    expect(text.stdout).toContain('ES256, active since 2026-11-20, 2 days ago');
    expect(text.stdout).toContain('1 live, 1 of them ending within 14 days, 1 pending, 1 held back');
    expect(text.stdout).toContain('1 expiring without a live successor: apikey expiring --env local');
  });
});

describe('a listing for programs', () => {
  it('has the columns that are asked for, and their names', async () => {
    using session = new Session();
    expect((await session.run(['list', '--header', '--columns', 'jti,client'])).stdout).toBe('jti\tclient\n');
    const { jti } = await session.issue('--client', 'partner', '--note', 'n');
    const out = async (...argv: readonly string[]): Promise<string> => (await session.run(argv)).stdout;
    expect(await out('list', '--columns', 'client,jti')).toBe(`partner\t${jti}\n`);
    expect(await out('list', '--columns=note, state', '--header')).toBe('note\tstate\nn\tactive\n');
    expect(await out('list', '--header')).toMatch(
      /^jti\tclient\tstate\tlive\tissuedAt\texpiresAt\tliveUntil\tscopes\tnote\n[^\n]+\n$/,
    );
    expect(await out('clients', 'list', '--columns', 'id,liveTokens', '--header')).toBe('id\tliveTokens\npartner\t1\n');
    expect(await out('keys', 'list', '--columns', 'state,alg')).toBe('active\tES256\n');
    expect(await out('audit', '--columns', 'action', '--header')).toMatch(/^action\n(?:[a-z.]+\n){5}$/);
    expect(await out('expiring', '--within', '91d', '--columns', 'jti')).toBe(`${jti}\n`);
  });

  it('on a terminal is a table of the columns that are asked for', async () => {
    using session = new Session();
    const { jti } = await session.issue('--client', 'partner');
    const { stdout } = await session.run(['list', '--columns', 'client,jti'], { tty: true, env: { NO_COLOR: '1' } });
    expect(stdout).toBe(`CLIENT   JTI\npartner  ${jti}\n`);
  });

  it.each([
    [['--columns', 'jti,clint'], 'did you mean client?'],
    [['--columns', 'jti,,client'], 'write them like this'],
    [['--columns', 'jti', '--json'], 'JSON always names everything'],
    [['--header', '--format', 'jsonl'], 'JSON always names everything'],
  ])('%j is refused', async (argv, fix) => {
    using session = new Session();
    for (const list of [['list'], ['clients', 'list'], ['keys', 'list'], ['expiring'], ['audit']]) {
      const result = await session.run([...list, ...argv]);
      expect(result).toMatchObject({ code: 2, stdout: '' });
      if (list[0] === 'list') expect(result.stderr).toContain(fix);
    }
  });
});

describe('--format', () => {
  it('gives text, JSON, or one object a line', async () => {
    using session = new Session();
    await session.issue('--client', 'a');
    await session.issue('--client', 'b');
    const run = async (...argv: readonly string[]): Promise<string> => (await session.run(argv)).stdout;
    expect(await run('list', '--format', 'json')).toBe(await run('list', '--json'));
    expect(await run('list', '--format=text')).toBe(await run('list'));
    for (const list of [['list'], ['clients', 'list'], ['keys', 'list'], ['audit'], ['expiring', '--within', '99d']]) {
      const lines = (await run(...list, '--format', 'jsonl')).trimEnd().split('\n');
      const array: readonly unknown[] = JSON.parse(await run(...list, '--json'));
      expect(lines.map((line): unknown => JSON.parse(line))).toEqual(array);
    }
    expect((await run('issue', '--client', 'c', '--format', 'jsonl')).split('\n')).toHaveLength(2);
    expect(JSON.parse(await run('issue', '--client', 'c', '--format', 'json'))).toHaveProperty('token');
    expect(await run('issue', '--client', 'c', '--format', 'text')).toMatch(/^eyJ/);
    expect((await session.run(['list', '--format', 'jsonl', '--state', 'revoked'])).stdout).toBe('');
  });

  it('also forms errors, and says nothing beside --json', async () => {
    using session = new Session();
    for (const argv of [
      ['show', 'x', '--format', 'json'],
      ['show', '--format=jsonl'],
      ['nope', '--format', 'json'],
    ]) {
      expect(errorOf(await session.run(argv)).code).toBeTypeOf('string');
    }
    expect((await session.run(['list', '--json', '--format', 'json'])).code).toBe(2);
  });
});
