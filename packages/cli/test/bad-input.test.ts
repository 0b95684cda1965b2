/** Bad input, one row each: its exit code, its stable code, and nothing on stdout. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { errorOf, Session, type Result, type RunOptions } from './session.ts';

const ISSUE = ['issue', '--client', 'partner'];
const UNKNOWN_JTI = '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11';

interface Case {
  readonly title: string;
  readonly argv: readonly string[];
  readonly exit: number;
  readonly code: string;
  readonly options?: RunOptions;
}

const COMMAND_LINES: readonly Case[] = [
  { title: 'an unknown command', argv: ['isue'], exit: 2, code: 'USAGE' },
  { title: 'an unknown flag', argv: [...ISSUE, '--tll', '1d'], exit: 2, code: 'USAGE' },
  { title: 'a flag of another command', argv: ['list', '--ttl', '1d'], exit: 2, code: 'USAGE' },
  { title: 'a flag that does not exist yet', argv: [...ISSUE, '--from', 'clients.csv'], exit: 2, code: 'USAGE' },
  { title: 'issue without a client', argv: ['issue'], exit: 2, code: 'USAGE' },
  { title: 'a flag without its value', argv: ['issue', '--client'], exit: 2, code: 'USAGE' },
  { title: 'too many arguments', argv: ['list', 'partner'], exit: 2, code: 'USAGE' },
  { title: 'show without a token', argv: ['show'], exit: 2, code: 'USAGE' },
  { title: 'a group without a command', argv: ['config'], exit: 2, code: 'USAGE' },
  { title: 'a name of Object.prototype', argv: ['constructor'], exit: 2, code: 'USAGE' },
  { title: '--ttl with --expires', argv: [...ISSUE, '--ttl', '1d', '--expires', '2027-01-01'], exit: 2, code: 'USAGE' },
  { title: '--force without -o', argv: [...ISSUE, '--force'], exit: 2, code: 'USAGE' },
  { title: 'an upper-case client', argv: ['issue', '--client', 'Partner'], exit: 2, code: 'INVALID_CLIENT' },
  { title: 'a client with a slash', argv: ['issue', '--client', 'a/b'], exit: 2, code: 'INVALID_CLIENT' },
  { title: 'an empty client', argv: ['issue', '--client', ''], exit: 2, code: 'INVALID_CLIENT' },
  { title: 'a client in list', argv: ['list', '--client', '../x'], exit: 2, code: 'INVALID_CLIENT' },
  ...['90', '0d', '-1d', '1M', '1y', '', '1.5d', '1d 2h', '999999999999d'].map((ttl): Case => ({
    title: `--ttl ${ttl || '(empty)'}`,
    argv: [...ISSUE, '--ttl', ttl],
    exit: 2,
    code: 'INVALID_DURATION',
  })),
  { title: '--ttl 99999d', argv: [...ISSUE, '--ttl', '99999d'], exit: 5, code: 'OVER_CAP' },
  { title: '--ttl 367d', argv: [...ISSUE, '--ttl', '367d'], exit: 5, code: 'OVER_CAP' },
  { title: '--expires over the cap', argv: [...ISSUE, '--expires', '2030-01-01'], exit: 5, code: 'OVER_CAP' },
  { title: '--expires in the past', argv: [...ISSUE, '--expires', '2020-01-01'], exit: 2, code: 'INVALID_TIME' },
  { title: '--expires tomorrow', argv: [...ISSUE, '--expires', 'tomorrow'], exit: 2, code: 'INVALID_TIME' },
  { title: '--expires on no day', argv: [...ISSUE, '--expires', '2027-02-30'], exit: 2, code: 'INVALID_TIME' },
  {
    title: '--not-before after the end',
    argv: [...ISSUE, '--not-before', '2029-01-01'],
    exit: 2,
    code: 'INVALID_TIME',
  },
  { title: 'a scope with a quote', argv: [...ISSUE, '--scope', 'a"b'], exit: 2, code: 'INVALID_SCOPE' },
  { title: 'an empty scope', argv: [...ISSUE, '--scope', ''], exit: 2, code: 'INVALID_SCOPE' },
  { title: 'an audience with a space', argv: [...ISSUE, '--audience', 'a b'], exit: 2, code: 'INVALID_AUDIENCE' },
  { title: 'an algorithm that is none', argv: [...ISSUE, '--alg', 'none'], exit: 2, code: 'INVALID_ALG' },
  { title: 'a symmetric algorithm', argv: ['init', '--alg', 'HS256'], exit: 2, code: 'INVALID_ALG' },
  { title: 'a note with an escape', argv: [...ISSUE, '--note', 'a\u001B[31mb'], exit: 2, code: 'INVALID_TEXT' },
  { title: 'a note of 257 characters', argv: [...ISSUE, '--note', 'n'.repeat(257)], exit: 2, code: 'INVALID_TEXT' },
  { title: 'a request id with a space', argv: [...ISSUE, '--request-id', 'a b'], exit: 2, code: 'INVALID_REQUEST_ID' },
  { title: 'a file in a missing directory', argv: [...ISSUE, '-o', 'no/where'], exit: 3, code: 'FILE_NOT_FOUND' },
  { title: 'a directory as output', argv: [...ISSUE, '-o', '.', '--force'], exit: 2, code: 'INVALID_INPUT' },
  { title: 'a device as output', argv: [...ISSUE, '-o', '/dev/full', '--force'], exit: 2, code: 'INVALID_INPUT' },
  { title: 'an id that is none', argv: ['show', 'abc'], exit: 2, code: 'INVALID_JTI' },
  { title: 'a prefix that is too short', argv: ['revoke', '3f0e8', '--yes'], exit: 2, code: 'INVALID_JTI' },
  { title: 'a prefix without a registry', argv: ['revoke', '3f0e8a', '--yes'], exit: 3, code: 'REGISTRY_NOT_FOUND' },
  { title: 'a prefix of 5', argv: ['show', '3f0e8', '--client', 'partner'], exit: 2, code: 'INVALID_JTI' },
  { title: 'an unknown state', argv: ['list', '--state', 'dead'], exit: 2, code: 'INVALID_INPUT' },
  { title: 'a limit of nothing', argv: ['list', '--limit', '0'], exit: 2, code: 'INVALID_INPUT' },
  { title: 'show without a registry', argv: ['show', UNKNOWN_JTI], exit: 3, code: 'REGISTRY_NOT_FOUND' },
  { title: 'revoke without a registry', argv: ['revoke', UNKNOWN_JTI, '--yes'], exit: 3, code: 'REGISTRY_NOT_FOUND' },
  { title: 'verify of nothing', argv: ['verify'], exit: 2, code: 'INVALID_INPUT' },
  { title: 'verify of spaces', argv: ['verify'], exit: 2, code: 'INVALID_INPUT', options: { stdin: ' \n\n' } },
  {
    title: 'verify of two tokens',
    argv: ['verify'],
    exit: 2,
    code: 'INVALID_INPUT',
    options: { stdin: 'a.b.c\nd.e.f\n' },
  },
  { title: 'verify of a missing file', argv: ['verify', './none'], exit: 3, code: 'FILE_NOT_FOUND' },
  { title: 'verify of a directory', argv: ['verify', '--token-file', '.'], exit: 2, code: 'INVALID_INPUT' },
  { title: 'verify from a network', argv: ['verify', '--from', '10.0.0.0/8'], exit: 2, code: 'INVALID_INPUT' },
  { title: 'an unknown environment', argv: ['list', '--env', 'prod'], exit: 2, code: 'ENV_UNKNOWN' },
  { title: 'an environment name with dots', argv: ['list', '--env', '../x'], exit: 2, code: 'ENV_UNKNOWN' },
  { title: 'a missing config file', argv: ['list', '--config', 'none.toml'], exit: 2, code: 'CONFIG_NOT_FOUND' },
  {
    title: 'a wrong variable',
    argv: ['list'],
    exit: 2,
    code: 'CONFIG_INVALID',
    options: { env: { APIKEY_MAX_TTL: '90' } },
  },
  {
    title: 'an unknown backend',
    argv: ['list'],
    exit: 2,
    code: 'CONFIG_INVALID',
    options: { env: { APIKEY_REGISTRY: 'sqlit:' } },
  },
  {
    title: 'a table without a name',
    argv: ['list'],
    exit: 2,
    code: 'CONFIG_INVALID',
    options: { env: { APIKEY_REGISTRY: 'dynamodb:', APIKEY_KEYS: 'awskms:alias/apikey' } },
  },
  { title: 'help on nothing known', argv: ['help', 'exit'], exit: 2, code: 'USAGE' },
];

describe('a bad command line', () => {
  it.each(COMMAND_LINES)('$title: exit $exit, $code', async ({ argv, exit, code, options }) => {
    using session = new Session();
    const text = await session.run(argv, options);
    expect(text).toMatchObject({ code: exit, stdout: '' });
    const json = await session.run([...argv.slice(0, 1), '--json', ...argv.slice(1)], options);
    expect(json).toMatchObject({ code: exit, stdout: '' });
    expect(errorOf(json).code).toBe(code);
    // The bare word of a group gets its help.
    expect(text.stderr).toContain(argv[0] === 'config' ? 'apikey config <command>' : `  code  ${code}`);
    // Nothing was set up for a command that was refused.
    expect(readdirSync(session.home)).toEqual(['work']);
  });
});

describe('a bad configuration file', () => {
  it.each([
    ['a typo in a key', '[envs.local]\nregsitry = "sqlite:"', ':2: unknown key "regsitry"', 'did you mean "registry"?'],
    ['a typo at the top', 'enw = "local"', ':1: unknown key "enw"', 'did you mean "env"?'],
    ['a wrong type', '[envs.local]\nissuer = 5', ':2: envs.local.issuer has the wrong type', ''],
    ['a table that is text', 'envs = "x"', ':1: envs has the wrong type', ''],
    ['not TOML', 'env = local', ':1: this is not TOML', ''],
    ['not text', '\u0000\uFFFF', ': this is not TOML', ''],
    ['a key twice', 'env = "a"\nenv = "b"', ':2: this is not TOML', ''],
    ['a bad environment name', '[envs."A B"]\nissuer = "x"', ':1: "A B" is not an environment name', ''],
    ['a bare number as duration', '[envs.local]\n\nmax_ttl = "90"', ':3 (max_ttl): this is not a duration', '90d'],
    ['an issuer with a space', '[envs.local]\nissuer = "a b"', ':2 (issuer): this is not an audience', ''],
    ['an unknown scheme', '[envs.local]\nkeys = "fiel:"', ':2 (keys): this is not a backend', ''],
    ['a default over the cap', '[envs.local]\ndefault_ttl = "9d"\nmax_ttl = "3d"', ':2: default_ttl is longer', ''],
    ['an environment without an issuer', 'env = "x"\n[envs.x]\naudience = "a"', 'environment x has no issuer', ''],
  ])('%s is named with its place', async (_, content, message, fix) => {
    using session = new Session();
    writeFileSync(join(session.cwd, 'apikey.toml'), content);
    const result = await session.run(['list', '--json']);
    const error = errorOf(result);
    expect({ ...result, code: error.code, exit: result.code }).toMatchObject({
      code: 'CONFIG_INVALID',
      exit: 2,
      stdout: '',
    });
    expect(error.message).toContain(message);
    expect(`${error.why} ${error.fix}`).toContain(fix);
  });
});

describe('a store that is not in order', () => {
  const registry = (session: Session): string => join(session.dataDir, 'registry.db');
  const privateKey = (session: Session): string => {
    const [name = ''] = readdirSync(join(session.dataDir, 'keys'));
    return join(session.dataDir, 'keys', name);
  };
  const outcome = async (run: Promise<Result>): Promise<string> => {
    const result = await run;
    expect(result.stdout).toBe('');
    return `${result.code} ${errorOf(result).code}`;
  };

  it('a data directory that is a file: exit 9 or 4, never a token', async () => {
    using session = new Session();
    writeFileSync(join(session.home, 'file'), '');
    const result = await session.run([...ISSUE, '--json'], { env: { APIKEY_DATA_DIR: join(session.home, 'file') } });
    expect(result.stdout).toBe('');
    expect(result.code).toBeGreaterThan(1);
  });

  it('a foreign SQLite file: exit 9', async () => {
    using session = new Session();
    mkdirSync(session.dataDir, { recursive: true, mode: 0o700 });
    const db = new DatabaseSync(registry(session));
    db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    db.close();
    expect(await outcome(session.run([...ISSUE, '--json']))).toBe('9 STORE_FOREIGN');
    expect(await outcome(session.run(['list', '--json']))).toBe('9 STORE_FOREIGN');
  });

  it('a corrupted registry: exit 9', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    const bytes = readFileSync(registry(session));
    writeFileSync(registry(session), Buffer.concat([Buffer.alloc(4096, 7), bytes.subarray(4096)]));
    expect(await outcome(session.run(['list', '--json']))).toMatch(/^9 STORE_/);
    expect(await outcome(session.run([...ISSUE, '--json']))).toMatch(/^9 STORE_/);
  });

  it('a truncated key file: exit 9, and the registry stays sound', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    truncateSync(privateKey(session), 20);
    expect(await outcome(session.run([...ISSUE, '--json']))).toBe('9 KEY_DAMAGED');
    expect((await session.run(['verify'], { stdin: token })).code).toBe(0);
  });

  it('a key file that others can read: exit 9', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    chmodSync(privateKey(session), 0o644);
    expect(await outcome(session.run([...ISSUE, '--json']))).toBe('9 KEY_PERMISSIONS');
  });

  it('a key file with another passphrase, or none: exit 4', async () => {
    using session = new Session();
    const passphrase = (text: string): RunOptions => ({ env: { APIKEY_KEYS_PASSPHRASE: text } });
    expect((await session.run(ISSUE, passphrase('right'))).code).toBe(0);
    expect(await outcome(session.run([...ISSUE, '--json'], passphrase('wrong')))).toBe('4 KEY_PASSPHRASE');
    expect(await outcome(session.run([...ISSUE, '--json']))).toBe('4 KEY_PASSPHRASE');
    expect((await session.run(ISSUE, passphrase('right'))).code).toBe(0);
  });
});

describe('a token that is not ours', () => {
  const reasonOf = async (session: Session, stdin: string | Uint8Array): Promise<unknown> => {
    const result = await session.run(['verify', '--json'], { stdin });
    expect(result).toMatchObject({ code: 10, stderr: '' });
    const verdict: { live: boolean; reason: string } = JSON.parse(result.stdout);
    expect(verdict.live).toBe(false);
    return verdict.reason;
  };

  it('is denied on a bare machine and beside a registry, whatever it is', async () => {
    using session = new Session();
    for (const setUp of [false, true]) {
      if (setUp) await session.run(['init']);
      expect(await reasonOf(session, foreignToken())).toBe('key_unknown');
      expect(await reasonOf(session, 'not-a-token')).toBe('malformed');
      expect(await reasonOf(session, 'x'.repeat(1_048_576))).toBe('malformed');
      expect(await reasonOf(session, 'ab '.repeat(400_000))).toBe('malformed');
      expect(await reasonOf(session, Buffer.alloc(64, 0xff))).toBe('malformed');
    }
  });

  it('cannot be activated', async () => {
    using session = new Session();
    const { jti } = await session.issue('--client', 'partner');
    const result = await session.run(['activate', jti, '--json'], { stdin: foreignToken() });
    expect([result.code, errorOf(result).code, result.stdout]).toEqual([2, 'INVALID_INPUT', '']);
  });
});

function foreignToken(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = createHash('sha256').update('a key of somebody else').digest('base64url');
  const input = [
    { alg: 'ES256', typ: 'at+jwt', kid },
    { iss: 'https://other.example', sub: 'x' },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}
