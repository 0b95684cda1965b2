/** What people see of use and expiry: columns and bars that fit the terminal, rows that scripts rely on, bad input. */
import { stripVTControlCharacters } from 'node:util';
import { createAuthorizer } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import { formatDuration, usageResolution } from '@apikey/shared';
import { localUsage } from '@apikey/shared/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { width } from '../src/terminal/width.ts';
import { errorOf, Session, type Result } from './session.ts';

const DAY = 86_400_000;
const UNKNOWN_JTI = '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11';

/** An authorizer of the embedded environment notes that a token is used now. */
async function use(session: Session, jti: string): Promise<void> {
  const usage = localUsage({ dataDir: session.dataDir });
  const usedAt = Math.floor(session.now / 1000);
  await usage.recordUse({ jti, client: 'partner', usedAt, exp: usedAt + 1 });
  await usage.close();
}

async function rotate(session: Session, jti: string, ...flags: readonly string[]): Promise<string> {
  const { stdout, stderr } = await session.run(['rotate', jti, '--json', ...flags]);
  if (stdout === '') throw new Error(stderr);
  const rotated: { jti: string } = JSON.parse(stdout);
  return rotated.jti;
}

/** A token in use, one that was rotated, and another client. */
async function world(): Promise<{ readonly session: Session; readonly old: string; readonly successor: string }> {
  const session = new Session();
  const scopes = ['--scope', 'plans:read', '--scope', 'plans:write', '--note', 'the nightly import of all plans'];
  const { jti: old } = await session.issue('--client', 'partner', '--ttl', '30d', ...scopes);
  await session.issue('--client', 'billing', '--ttl', '10d');
  session.now += DAY;
  await use(session, old);
  session.now += 240_000;
  return { session, old, successor: await rotate(session, old) };
}

describe('the list on a terminal', () => {
  it.each([60, 80, 100, 120, 200])('fits %d columns as far as the ids do, with bar and date', async (columns) => {
    const { session } = await world();
    using _ = session;
    const { stdout } = await session.run(['list'], { tty: true, columns, env: { NO_COLOR: '1' } });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.max(columns, 80));
    expect(lines[0]).toMatch(/^JTI +CLIENT +STATUS .*ENDS/);
    for (const line of columns < 80 ? [] : lines.slice(1)) expect(line).toMatch(/[█░]{3,8} 2026-1[12]-\d\d/);
    expect(lines[0]?.includes('LAST USED')).toBe(columns >= 100);
    expect(stdout.includes('in 9 days')).toBe(columns >= 200);
  });

  it('fits any terminal, as every table does, and gives up the bar before the date', async () => {
    const { session } = await world();
    using _ = session;
    await session.run(['clients', 'set', 'partner', '--contact', 'ops@partner.example', '--owner', '東京チーム']);
    const tables = [['list'], ['list', '--all'], ['expiring', '-q'], ['clients', 'list'], ['keys', 'list'], ['audit']];
    for (const argv of [...tables, ['config', 'show']]) {
      for (const columns of [12, 20, 30, 37, 40, 53, 60, 66, 72, 80, 132]) {
        const { stdout } = await session.run(argv, { tty: true, columns, env: { NO_COLOR: '1' } });
        const lines = stdout.trimEnd().split('\n');
        const tooWide = lines.filter((line) => width(line) > columns && !line.startsWith('partner  ops@'));
        expect({ argv, columns, tooWide }).toEqual({ argv, columns, tooWide: [] });
        if (argv[0] !== 'list' || columns < 20) continue;
        for (const line of lines.slice(1)) expect(line).toMatch(/2026-1[12]-\d\d|2027-01-\d\d/);
      }
    }
  });

  it('takes a width of 0 for one that is not known', async () => {
    const { session } = await world();
    using _ = session;
    const [none, usual] = [0, 80].map((columns) => session.run(['list'], { tty: true, columns }));
    expect((await none)?.stdout).toBe((await usual)?.stdout);
    const help = await session.run(['list', '--help'], { tty: true, columns: 0 });
    expect(help.stdout).toBe((await session.run(['list', '--help'], { tty: true, columns: 80 })).stdout);
  });

  it('is of ASCII where the locale is', async () => {
    const { session, old } = await world();
    using _ = session;
    const env = { LC_ALL: 'C', LANG: 'de_DE.UTF-8', NO_COLOR: '1' };
    for (const argv of [['list', '--all'], ['expiring'], ['show', old], ['doctor'], ['audit'], ['clients', 'list']]) {
      for (const columns of [40, 120]) {
        const { stdout, stderr } = await session.run(argv, { tty: true, columns, env });
        expect(stdout + stderr).toMatch(/^[\n -~]+$/);
      }
    }
    expect((await session.run(['list'], { tty: true, columns: 120, env })).stdout).toContain('####.. 2026-11-30');
    const bad = await session.run(['verify'], { tty: true, stdin: 'no token', env });
    expect(bad.stdout + bad.stderr).toMatch(/^[\n -~]+$/);
  });

  it('colours the bar by urgency, and prints the same text without colours', async () => {
    const { session, old } = await world();
    using _ = session;
    session.now += 8 * DAY;
    const colour = (await session.run(['list', '--client', 'billing'], { tty: true })).stdout;
    expect(colour).toContain('\u001B[31m█');
    const plain = (await session.run(['list', '--client', 'billing'], { tty: true, env: { NO_COLOR: '1' } })).stdout;
    expect(stripVTControlCharacters(colour)).toBe(plain);
    const shown = (await session.run(['show', old], { tty: true })).stdout;
    expect(shown).not.toMatch(/█|░/);
    expect((await session.run(['list', '--all'], { tty: true })).stdout).toContain('\u001B[2m░░░░░░');
  });

  it('shows no column of last uses where none is known', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    expect((await session.run(['list'], { tty: true, columns: 200 })).stdout).not.toContain('LAST USED');
  });

  it('keeps the columns of a pipe exactly as they were', async () => {
    const { session } = await world();
    using _ = session;
    const { stdout } = await session.run(['list']);
    for (const line of stdout.trimEnd().split('\n')) expect(line.split('\t')).toHaveLength(9);
    expect(stdout).not.toMatch(/█|ago/);
  });
});

describe('the words -q and --quiet', () => {
  it('mean no words for rotate, with or without --finish, and --quiet with a duration the quiet to wait for', async () => {
    const { session, old, successor } = await world();
    using _ = session;
    await use(session, successor);
    session.now += 3600_000;
    const run = (...words: readonly string[]): Promise<Result> => session.run(['rotate', '--finish', ...words]);
    expect((await run(old, '-q', '--quiet', '2h', '--yes')).code).toBe(5);
    expect((await run('--quiet', '2h', old, '--yes')).code).toBe(5);
    expect((await run('--quiet=2h', old, '--yes')).code).toBe(5);
    expect(await run('--quiet', old, '--yes', '--quiet', '1h')).toEqual({ code: 0, stdout: '', stderr: '' });
    const again = await rotate(session, successor, '--quiet');
    expect(again).toMatch(/^[0-9a-f-]{36}$/);
  });
});

it('says in its help how short a quiet may be', async () => {
  using session = new Session();
  const { stdout } = await session.run(['rotate', '--help'], { columns: 200 });
  expect(stdout).toContain(`at least ${formatDuration(usageResolution(0))})`);
});

describe('what is refused', () => {
  let known: Awaited<ReturnType<typeof world>> & { readonly alone: string };
  beforeAll(async () => {
    const made = await world();
    const { jti: alone } = await made.session.issue('--client', 'alone');
    known = { ...made, alone };
  });
  afterAll(() => known.session[Symbol.dispose]());

  it.each<[string, (ids: typeof known) => readonly string[], number, string]>([
    ['--finish without a token', () => ['rotate', '--finish'], 2, 'USAGE'],
    ['--finish of what is no id', () => ['rotate', '--finish', 'x'], 2, 'INVALID_JTI'],
    ['--finish of an unknown token', () => ['rotate', '--finish', UNKNOWN_JTI], 3, 'TOKEN_NOT_FOUND'],
    [
      '--finish after less quiet than uses can show',
      ({ old }) => ['rotate', '--finish', old, '--quiet-for', '3s', '--yes'],
      5,
      'QUIET_TOO_SHORT',
    ],
    ['--finish of a token without a successor', ({ alone }) => ['rotate', '--finish', alone], 5, 'WRONG_STATE'],
    ['--finish of the successor', ({ successor }) => ['rotate', '--finish', successor], 5, 'WRONG_STATE'],
    ['--finish of a client without a rotation', () => ['rotate', '--finish', '--client', 'alone'], 5, 'AMBIGUOUS'],
    ['--finish of an unknown client', () => ['rotate', '--finish', '--client', 'nobody'], 3, 'CLIENT_NOT_FOUND'],
    ['--finish without evidence', ({ old }) => ['rotate', '--finish', old, '--yes'], 5, 'EVIDENCE_MISSING'],
    ['the same as a plan', ({ old }) => ['rotate', '--finish', old, '--dry-run'], 5, 'EVIDENCE_MISSING'],
    ['--finish with --ttl', ({ old }) => ['rotate', '--finish', old, '--ttl', '1d'], 2, 'USAGE'],
    ['--finish with --grace', ({ old }) => ['rotate', '--finish', old, '--grace', '0'], 2, 'USAGE'],
    ['--finish with --all', () => ['rotate', '--finish', '--all'], 2, 'USAGE'],
    ['--finish with --status', ({ old }) => ['rotate', '--finish', '--status', old], 2, 'USAGE'],
    ['--status with -o', ({ old }) => ['rotate', '--status', old, '-o', 'x'], 2, 'USAGE'],
    ['--status of an unknown token', () => ['rotate', '--status', UNKNOWN_JTI], 3, 'TOKEN_NOT_FOUND'],
    ['--status of an unknown client', () => ['rotate', '--status', '--client', 'nobody'], 3, 'CLIENT_NOT_FOUND'],
    ['--quiet-for without --finish', ({ old }) => ['rotate', old, '--quiet-for', '1d'], 2, 'USAGE'],
    ...['0', '0h', '24', '-1d', '1M', '1y', '', '999999999d'].map(
      (quiet): [string, (ids: typeof known) => readonly string[], number, string] => [
        `--quiet-for ${quiet === '' ? '(empty)' : quiet}`,
        ({ old }) => ['rotate', '--finish', old, `--quiet-for=${quiet}`],
        2,
        'INVALID_DURATION',
      ],
    ),
    ['--within 0', () => ['expiring', '--within', '0'], 2, 'INVALID_DURATION'],
    ['--within of months', () => ['expiring', '--within', '1M'], 2, 'INVALID_DURATION'],
    ['expiring tokens of an unknown client', () => ['expiring', '--client', 'nobody'], 3, 'CLIENT_NOT_FOUND'],
    ['expiring tokens of what is no client', () => ['expiring', '--client', 'No Body'], 2, 'INVALID_CLIENT'],
  ])('%s', async (_, argv, exit, code) => {
    const result = await known.session.run([...argv(known), '--json']);
    expect({ exit: result.code, code: errorOf(result).code, stdout: result.stdout }).toEqual({
      exit,
      code,
      stdout: '',
    });
  });

  it('leaves every token as it was', async () => {
    const { stdout } = await known.session.run(['list', '--json']);
    const tokens: { live: boolean }[] = JSON.parse(stdout);
    expect(tokens.map(({ live }) => live)).toEqual([true, true, true, true]);
  });
});

describe('before anything was set up', () => {
  it('nothing expires and no rotation is under way', async () => {
    using session = new Session();
    expect(await session.run(['expiring', '--json'])).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    expect(await session.run(['rotate', '--status', '--json'])).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    expect(await session.run(['expiring', '--client', 'partner'])).toMatchObject({ code: 3, stdout: '' });
    expect(await session.run(['expiring'])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no live token expires in environment local within 14d\n',
    });
  });
});

describe('a rotation in front of a running authorizer', () => {
  it('ends early only once the requests themselves show that the client has changed to the new token', async () => {
    using session = new Session();
    const { token: oldToken, jti: old } = await session.issue('--client', 'partner');
    const { stdout } = await session.run(['rotate', old, '--json']);
    const { token: newToken }: { token: string } = JSON.parse(stdout);
    const { dataDir } = session;
    const authorizer = createAuthorizer({
      issuer: 'https://apikey.localhost',
      audience: 'https://api.localhost',
      status: localStatus({ dataDir }),
      keys: localKeys({ dataDir }),
      usage: localUsage({ dataDir }),
      clock: { wall: () => session.now, monotonic: () => session.now },
    });
    const allowed = async (token: string): Promise<boolean> => (await authorizer.authorize({ token })).allowed;
    const finish = async (): Promise<number> =>
      (await session.run(['rotate', '--finish', old, '--quiet', '24h', '--yes'])).code;
    expect(await allowed(oldToken)).toBe(true);
    session.now += DAY;
    expect(await finish()).toBe(5);
    expect([await allowed(newToken), await allowed(oldToken)]).toEqual([true, true]);
    expect(await finish()).toBe(5);
    session.now += DAY;
    expect(await finish()).toBe(0);
    expect([await allowed(newToken), await allowed(oldToken)]).toEqual([true, false]);
  });
});

describe('two admins who end the same grace', () => {
  it('are both told that it has ended, and the log says it once', async () => {
    const { session, old, successor } = await world();
    using _ = session;
    await use(session, successor);
    session.now += DAY;
    const argv = ['rotate', '--finish', old, '--yes', '--json'];
    const results = await Promise.all([session.run(argv), session.run(argv)]);
    const ended = results.map(({ code, stdout }) => {
      expect(code).toBe(0);
      const { alreadyEnded }: { alreadyEnded: boolean } = JSON.parse(stdout);
      return alreadyEnded;
    });
    expect(ended.filter((already) => already)).toHaveLength(1);
    const { stdout } = await session.run(['show', old, '--json']);
    const { events, live }: { events: { action: string }[]; live: boolean } = JSON.parse(stdout);
    expect(live).toBe(false);
    expect(events.filter(({ action }) => action === 'token.replaced')).toHaveLength(2);
  });
});
