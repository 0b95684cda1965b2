/** The program as a whole, in-process: streams, deliveries that fail, questions, and what must never be printed. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorOf, Session, type Result } from './session.ts';

const BARE_TOKEN = /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/;
const ISSUE = ['issue', '--client', 'partner'] as const;

interface Listed {
  readonly jti: string;
  readonly state: string;
  readonly live: boolean;
}

async function list(session: Session): Promise<readonly Listed[]> {
  return JSON.parse((await session.run(['list', '--all', '--json'])).stdout);
}

describe('issue', () => {
  it('prints the bare token and one newline, on a terminal too, and words only on stderr', async () => {
    using session = new Session();
    for (const tty of [false, true]) {
      const { code, stdout, stderr } = await session.run(ISSUE, { tty });
      expect(code).toBe(0);
      expect(stdout).toMatch(BARE_TOKEN);
      expect(stderr).toMatch(/partner[^]*local[^]*in 90 days[^]*shown once/);
      expect(stderr).not.toContain('eyJ');
    }
  });

  it('-q silences the words, the set-up of the environment included', async () => {
    using session = new Session();
    expect(await session.run([...ISSUE, '-q'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('--json prints one object and no words', async () => {
    using session = new Session();
    const { stdout, stderr } = await session.run([...ISSUE, '--json', '--ttl', '90d', '--scope', 'b', '--scope', 'a']);
    expect(stderr).toBe('');
    expect(stdout.endsWith('}\n')).toBe(true);
    const issued: Record<string, unknown> = JSON.parse(stdout);
    expect(issued).toMatchObject({
      client: 'partner',
      env: 'local',
      scopes: ['a', 'b'],
      issuedAt: '2026-11-20T12:00:00Z',
      expiresAt: '2027-02-18T12:00:00Z',
      exp: Number(issued['iat']) + 7_776_000,
    });
    expect(`${String(issued['token'])}\n`).toMatch(BARE_TOKEN);
  });

  it('-o puts the token into the file alone; with --json its name stands in the object', async () => {
    using session = new Session();
    const plain = await session.run([...ISSUE, '-o', 'a.token']);
    expect(plain).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(join(session.cwd, 'a.token'), 'utf8')).toMatch(BARE_TOKEN);
    const json = await session.run([...ISSUE, '-o', 'b.token', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ tokenFile: 'b.token', client: 'partner' });
    expect(JSON.parse(json.stdout)).not.toHaveProperty('token');
    expect((await session.run(['verify', 'b.token'])).code).toBe(0);
  });

  it('-o on an existing file fails before anything is set up or recorded', async () => {
    using session = new Session();
    writeFileSync(join(session.cwd, 'old'), 'precious');
    const refused = await session.run([...ISSUE, '-o', 'old', '--json']);
    expect([refused.code, errorOf(refused).code, refused.stdout]).toEqual([5, 'FILE_EXISTS', '']);
    expect(readdirSync(session.home)).toEqual(['work']);
    expect((await session.run([...ISSUE, '-o', 'old', '--force'])).code).toBe(0);
    expect(readFileSync(join(session.cwd, 'old'), 'utf8')).toMatch(BARE_TOKEN);
  });

  it.each(['ENOSPC', 'EPIPE', 'EIO'])(
    'stdout that fails with %s leaves a pending token that is denied',
    async (stdoutFails) => {
      using session = new Session();
      for (const json of [[], ['--json']]) {
        const result = await session.run([...ISSUE, ...json], { stdoutFails });
        expect(result).toMatchObject({ code: 6, stdout: '' });
        expect(result.stderr).toContain('DELIVERY_FAILED');
        expect(result.stderr).toMatch(/token [0-9a-f-]{36} stays pending/);
      }
      expect((await list(session)).map(({ state, live }) => [state, live])).toEqual([
        ['pending', false],
        ['pending', false],
      ]);
    },
  );

  it('with a request id, a rerun finishes the same token, and a third issues nothing', async () => {
    using session = new Session();
    const argv = [...ISSUE, '--request-id', 'ticket-1'];
    const failed = await session.run([...argv, '--json'], { stdoutFails: 'ENOSPC' });
    expect(errorOf(failed)).toMatchObject({
      code: 'DELIVERY_FAILED',
      retryable: true,
      fix: expect.stringContaining('ticket-1'),
    });
    const [pending] = await list(session);
    const finished = await session.run(argv);
    expect(finished).toMatchObject({ code: 0, stdout: expect.stringMatching(BARE_TOKEN) });
    expect(finished.stderr).toContain('finishing an earlier request');
    expect(await list(session)).toMatchObject([{ jti: pending?.jti, state: 'active', live: true }]);
    const third = await session.run([...argv, '--json']);
    expect([third.code, errorOf(third).code, third.stdout]).toEqual([5, 'ALREADY_ISSUED', '']);
    const other = await session.run([...argv, '--ttl', '1d', '--json']);
    expect([other.code, errorOf(other).code]).toEqual([5, 'REQUEST_MISMATCH']);
  });

  it('takes an algorithm for the first key, and refuses another later', async () => {
    using session = new Session();
    expect((await session.run([...ISSUE, '--alg', 'EdDSA'])).stderr).toContain('first signing key (EdDSA)');
    const refused = await session.run([...ISSUE, '--alg', 'ES256', '--json']);
    expect([refused.code, errorOf(refused).code]).toEqual([5, 'WRONG_STATE']);
  });

  it('names the environment in the commands that it suggests', async () => {
    using session = new Session();
    const text = ['registry = "sqlite:"', 'keys = "file:"', 'issuer = "https://i"', 'audience = "https://a"'];
    writeFileSync(join(session.cwd, 'apikey.toml'), ['[envs.staging]', ...text].join('\n'));
    expect((await session.run([...ISSUE, '--env', 'staging'])).stderr).toContain('apikey verify --env staging < FILE');
    expect((await session.run(['--env', 'staging', 'list'])).stdout).toContain('partner');
  });
});

describe('results on stdout', () => {
  it('a reader that went away is no error', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    expect(await session.run(['list'], { stdoutFails: 'EPIPE' })).toEqual({ code: 0, stdout: '', stderr: '' });
    const verdict = await session.run(['verify'], { stdin: 'nonsense', stdoutFails: 'EPIPE' });
    expect(verdict).toEqual({ code: 10, stdout: '', stderr: '' });
  });

  it('a full disk is one, and of a change it says that it holds', async () => {
    using session = new Session();
    const { jti } = await session.issue('--client', 'partner');
    const result = await session.run(['revoke', jti, '--yes', '--json'], { stdoutFails: 'ENOSPC' });
    expect([result.code, errorOf(result).code]).toEqual([6, 'OUTPUT_FAILED']);
    expect(await list(session)).toMatchObject([{ state: 'revoked' }]);
  });

  it('list --json is an array, empty where there is nothing', async () => {
    using session = new Session();
    expect(await session.run(['list', '--json'])).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  });

  it('--limit and --state choose', async () => {
    using session = new Session();
    for (const client of ['b', 'a', 'c']) await session.issue('--client', client);
    const clients = async (...flags: readonly string[]): Promise<string[]> =>
      (await session.run(['list', ...flags])).stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t')[1] ?? '');
    expect(await clients()).toEqual(['a', 'b', 'c']);
    expect(await clients('--limit', '2')).toEqual(['a', 'b']);
    expect(await clients('--state', 'pending')).toEqual([]);
    expect(await clients('--client', 'c')).toEqual(['c']);
    expect(await clients('--expiring-within', '89d')).toEqual([]);
    expect(await clients('--expiring-within', '90d')).toHaveLength(3);
  });
});

describe('a question', () => {
  const refusal = async (result: Promise<Result>): Promise<string> =>
    `${(await result).code} ${errorOf(await result).code}`;

  it('is an error that names the flag wherever nobody can answer', async () => {
    using session = new Session();
    const { jti } = await session.issue('--client', 'partner');
    const ask = ['revoke', jti];
    for (const [argv, options] of [
      [ask, { stdin: 'y\n' }],
      [[...ask, '--no-input'], { tty: true, stdin: 'y\n' }],
      [ask, { tty: true, stdin: 'y\n', env: { CI: 'true' } }],
    ] as const) {
      const result = await session.run(argv, options);
      expect(result).toMatchObject({ code: 2, stdout: '' });
      expect(result.stderr).toContain('add --yes to confirm');
    }
    expect(await refusal(session.run([...ask, '--json'], { tty: true, stdin: 'y\n' }))).toBe('2 CONFIRMATION_REQUIRED');
    expect(await list(session)).toMatchObject([{ live: true }]);
  });

  it.each(['', '\n', 'n\n', 'yess\n', 'no\n', ' \n'])('is not answered with yes by %j', async (stdin) => {
    using session = new Session();
    const { jti } = await session.issue('--client', 'partner');
    expect((await session.run(['revoke', jti], { tty: true, stdin })).code).toBe(8);
    expect(await list(session)).toMatchObject([{ live: true }]);
  });

  it.each(['y\n', 'Y', 'yes\nmore\n', ' YES \n'])('is answered with yes by %j', async (stdin) => {
    using session = new Session();
    const { jti } = await session.issue('--client', 'partner');
    expect((await session.run(['revoke', jti], { tty: true, stdin })).code).toBe(0);
  });
});

describe('an interruption', () => {
  it('ends with 130 and says so', async () => {
    using session = new Session();
    const result = await session.run([...ISSUE, '--json'], { interrupted: AbortSignal.abort() });
    expect([result.code, errorOf(result).code, result.stdout]).toEqual([130, 'INTERRUPTED', '']);
  });
});

describe('a token', () => {
  it('given as an argument is checked, with a warning, and not repeated', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    const result = await session.run(['verify', token]);
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('shell history') });
    expect(result.stdout + result.stderr).not.toContain(token.slice(0, 30));
    expect(await session.run(['verify', token, '--json'])).toMatchObject({ code: 0, stderr: '' });
  });

  it.each(['  %\n', '%', '\r\n%\r\n', 'Bearer %', 'Authorization: Bearer %\n'])('is found in %j', async (form) => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    expect((await session.run(['verify'], { stdin: form.replace('%', token) })).code).toBe(0);
  });

  it('never shows up where it does not belong, whatever is done with it', async () => {
    using session = new Session();
    const { token, jti } = await session.issue('--client', 'partner');
    const { token: other } = await session.issue('--client', 'partner');
    writeFileSync(join(session.cwd, 'apikey.toml'), `[envs.local]\nissuer = "x ${token}"\n`);
    const lines: readonly (readonly string[])[] = [
      [token],
      ['help', token],
      ['issue', '--client', token],
      ['issue', '--client', 'partner', `--${token}`],
      ['issue', '--client', 'partner', '--note', token],
      ['issue', '--client', 'partner', '--request-id', token],
      ['issue', '--client', 'partner', '--ttl', token],
      ['issue', '--client', 'partner', '--scope', token],
      ['list', token],
      ['list', '--env', token],
      ['list', '--config', token],
      ['show', token],
      ['revoke', jti, '--yes', '--reason', token],
      ['activate', jti, '--token-file', token],
      ['verify', `./${token}`],
      ['verify', token, other],
    ];
    const secret = token.split('.')[2] ?? '';
    for (const line of lines) {
      for (const extra of [[], ['--debug'], ['--json'], ['--json', '--debug']]) {
        const { code, stdout, stderr } = await session.run([...line, ...extra]);
        // Refused, and not by a bug.
        expect([0, 1]).not.toContain(code);
        expect(stdout + stderr).not.toContain(secret.slice(0, 20));
        expect(stdout + stderr).not.toContain(token.slice(0, 20));
      }
    }
  });

  it('shows its claims, but not the random bits that only it may hold', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    const { stdout } = await session.run(['verify', '--json'], { stdin: token });
    const claims: Record<string, unknown> = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toHaveProperty('rnd');
    expect(stdout).not.toContain(claims['rnd']);
    expect(JSON.parse(stdout)).toMatchObject({
      live: true,
      reason: null,
      claims: { sub: 'partner', iat: claims['iat'] },
    });
  });
});

describe('--debug', () => {
  it('shows where an error comes from; without it no stack is shown', async () => {
    using session = new Session();
    const argv = ['issue', '--client', 'Bad'];
    expect((await session.run(argv)).stderr).not.toMatch(/^ +at /m);
    expect((await session.run([...argv, '--debug'])).stderr).toMatch(/^ +at /m);
    const json = await session.run([...argv, '--debug', '--json']);
    expect(JSON.parse(json.stderr)).toMatchObject({
      error: { code: 'INVALID_CLIENT', stack: expect.stringContaining('at ') },
    });
  });
});

describe('a token that arrived, though its delivery could not be confirmed', () => {
  it('is denied until activate is given it, and only it', async () => {
    using session = new Session();
    const failed = await session.run(ISSUE, { syncFails: 'EIO' });
    expect(failed).toMatchObject({ code: 6, stdout: expect.stringMatching(BARE_TOKEN) });
    const token = failed.stdout;
    const [pending] = await list(session);
    const jti = pending?.jti ?? '';
    const verdict = await session.run(['verify', '--json'], { stdin: token });
    expect(JSON.parse(verdict.stdout)).toMatchObject({ live: false, reason: 'not_activated' });

    const { token: other } = await session.issue('--client', 'partner');
    const wrong = await session.run(['activate', jti, '--json'], { stdin: other });
    expect([wrong.code, errorOf(wrong).code]).toEqual([2, 'INVALID_INPUT']);

    const plan = await session.run(['activate', jti, '--dry-run', '--json'], { stdin: token });
    expect(JSON.parse(plan.stdout)).toMatchObject({ dryRun: true, alreadyActive: false });
    const done = await session.run(['activate', jti.slice(0, 6), '--client', 'partner', '--json'], { stdin: token });
    expect(JSON.parse(done.stdout)).toMatchObject({ jti, alreadyActive: false, env: 'local' });
    expect((await session.run(['verify'], { stdin: token })).code).toBe(0);
    expect((await session.run(['activate', jti], { stdin: token })).stderr).toContain('was active already');

    expect((await session.run(['revoke', jti, '--yes'])).code).toBe(0);
    const dead = await session.run(['activate', jti, '--json'], { stdin: token });
    expect([dead.code, errorOf(dead).code]).toEqual([5, 'WRONG_STATE']);
  });
});
