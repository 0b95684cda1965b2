import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorOf, Session, type Result } from './session.ts';

interface Rotated {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly jti: string;
  readonly client: string;
  readonly replaces: string;
  readonly graceUntil: string;
  readonly error?: { readonly code: string };
}

const ok = ({ code, stdout, stderr }: Result): string => {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout;
};
const jsonLines = (text: string): Rotated[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
const isLive = async (session: Session, token: string): Promise<boolean> =>
  (await session.run(['verify'], { stdin: token })).code === 0;
const inFile = (session: Session, ...path: readonly string[]): string =>
  readFileSync(join(session.cwd, ...path), 'utf8').trim();

describe('rotate', () => {
  it('prints the bare new token and a newline, and with -q not a word', async () => {
    using session = new Session();
    const old = await session.issue('--client', 'partner', '--scope', 'a');
    const { code, stdout, stderr } = await session.run(['rotate', '--client', 'partner', '-q']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(await isLive(session, stdout)).toBe(true);
    expect(await isLive(session, old.token)).toBe(true);
    session.now += 7 * 86_400_000;
    expect(await isLive(session, old.token)).toBe(false);
  });

  it('takes the beginning of a jti where the client is given, and prints one JSON object', async () => {
    using session = new Session();
    const old = await session.issue('--client', 'partner', '--scope', 'a', '--ttl', '2d');
    const stdout = ok(await session.run(['rotate', old.jti.slice(0, 6), '--client', 'partner', '--json']));
    const rotated: Rotated = JSON.parse(stdout);
    const shown: { readonly liveUntil: string; readonly replacedBy: string } = JSON.parse(
      ok(await session.run(['show', old.jti, '--json'])),
    );
    // The grace of 7 days is longer than what was left of its life.
    expect(rotated).toMatchObject({ client: 'partner', replaces: old.jti, graceUntil: shown.liveUntil, env: 'local' });
    expect(rotated.graceUntil).toBe('2026-11-22T12:00:00Z');
    expect(shown.replacedBy).toBe(rotated.jti);
    expect(await isLive(session, rotated.token ?? '')).toBe(true);
  });

  it('says that the old token ends by itself where the grace would be longer', async () => {
    using session = new Session();
    await session.issue('--client', 'partner', '--ttl', '2d');
    const { stderr } = await session.run(['rotate', '--client', 'partner']);
    expect(stderr).toContain('old ends  2026-11-22T12:00:00Z (in 2 days): its own end, sooner than the grace of 7d');
  });

  it('writes the token to a file of its owner alone, and puts its name in place of the token into the JSON', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    const stdout = ok(await session.run(['rotate', '--client', 'partner', '-o', 't', '--json']));
    expect(JSON.parse(stdout)).toMatchObject({ tokenFile: 't' });
    expect(stdout).not.toContain('eyJ');
    expect(statSync(join(session.cwd, 't')).mode & 0o777).toBe(0o600);
    expect(await isLive(session, inFile(session, 't'))).toBe(true);
  });

  it('finishes by its request id what a failed delivery left, once, also for the one token of a client', async () => {
    using session = new Session();
    const old = await session.issue('--client', 'partner');
    const argv = ['rotate', '--client', 'partner', '--request-id', 'CHG-9'];
    expect((await session.run(argv, { stdoutFails: 'EIO' })).code).toBe(6);
    expect(await isLive(session, old.token)).toBe(true);
    expect(errorOf(await session.run(['rotate', '--client', 'partner', '--json'])).code).toBe('WRONG_STATE');
    const token = ok(await session.run(argv));
    expect(await isLive(session, token)).toBe(true);
    const again = await session.run([...argv, '--json']);
    expect({ ...errorOf(again), exit: again.code }).toMatchObject({ code: 'ALREADY_ISSUED', exit: 5 });
  });

  it('starts again with --take-over after a rotation that was cut short', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    await session.run(['rotate', '--client', 'partner'], { stdoutFails: 'EIO' });
    const token = ok(await session.run(['rotate', '--client', 'partner', '--take-over']));
    expect(await isLive(session, token)).toBe(true);
  });
});

describe('rotate --all', () => {
  it('writes one file a token under a name that tells which it replaces, and prints nothing', async () => {
    using session = new Session();
    const olds = [
      await session.issue('--client', 'a1', '--ttl', '9d'),
      await session.issue('--client', 'b2', '--ttl', '9d'),
    ];
    await session.issue('--client', 'c3', '--ttl', '30d');
    const { code, stdout } = await session.run([
      'rotate',
      '--all',
      '--expiring-within',
      '14d',
      '--out-dir',
      'new',
      '--yes',
      '--grace',
      '0',
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(statSync(join(session.cwd, 'new')).mode & 0o777).toBe(0o700);
    const files = readdirSync(join(session.cwd, 'new')).toSorted();
    expect(files).toEqual([`a1-${olds[0]?.jti}.token`, `b2-${olds[1]?.jti}.token`]);
    for (const file of files) {
      expect(statSync(join(session.cwd, 'new', file)).mode & 0o777).toBe(0o600);
      expect(await isLive(session, inFile(session, 'new', file))).toBe(true);
    }
    for (const old of olds) expect(await isLive(session, old.token)).toBe(false);
  });

  it('goes on after one failed, says which, and ends with 7; a second run has only that one to do', async () => {
    using session = new Session();
    const first = await session.issue('--client', 'a1');
    const second = await session.issue('--client', 'b2');
    ok(await session.run(['rotate', '--client', 'a1', '--dry-run']));
    writeFileSync(join(session.cwd, `a1-${first.jti}.token`), 'something else');
    const argv = ['rotate', '--all', '--out-dir', '.', '--yes', '--json'];
    const result = await session.run(argv);
    expect(result.code).toBe(7);
    expect(errorOf(result)).toMatchObject({ code: 'BULK_PARTIAL', message: '1 of 2 tokens were not rotated' });
    expect(jsonLines(result.stdout)).toEqual([
      expect.objectContaining({
        replaces: first.jti,
        client: 'a1',
        error: expect.objectContaining({ code: 'FILE_EXISTS' }),
      }),
      expect.objectContaining({ replaces: second.jti, tokenFile: `b2-${second.jti}.token` }),
    ]);
    expect(jsonLines(ok(await session.run([...argv, '--client', 'a1', '--force'])))).toHaveLength(1);
    const idle = await session.run(['rotate', '--all', '--expiring-within', '1d', '--out-dir', '.']);
    expect({ code: idle.code, stdout: idle.stdout }).toEqual({ code: 0, stdout: '' });
    expect(idle.stderr).toMatch(/^nothing to rotate/);
  });

  it('run again after its output failed, finishes what it had begun', async () => {
    using session = new Session();
    const old = await session.issue('--client', 'partner');
    const argv = ['rotate', '--all', '--json', '--yes'];
    const failed = await session.run(argv, { stdoutFails: 'EIO' });
    expect(failed.code).toBe(6);
    const [rotated] = jsonLines(ok(await session.run(argv)));
    expect(rotated).toMatchObject({ replaces: old.jti });
    expect(await isLive(session, rotated?.token ?? '')).toBe(true);
    const all: unknown[] = JSON.parse(ok(await session.run(['list', '--all', '--json'])));
    expect(all).toHaveLength(2);
  });

  it('run again after it ended between a file and its activation, activates the token in that file', async () => {
    using session = new Session();
    const old = await session.issue('--client', 'partner');
    // Everything was handed over, but nobody could say so: the record is pending, and the token is out.
    const cut = await session.run(['rotate', '--all', '--json', '--yes'], { syncFails: 'EIO' });
    const [delivered] = jsonLines(cut.stdout);
    const token = delivered?.token ?? '';
    const file = `partner-${old.jti}.token`;
    writeFileSync(join(session.cwd, file), `${token}\n`);
    expect(await isLive(session, token)).toBe(false);
    const [finished] = jsonLines(ok(await session.run(['rotate', '--all', '--out-dir', '.', '--json', '--yes'])));
    expect(finished).toMatchObject({ jti: delivered?.jti, tokenFile: file });
    expect(inFile(session, file)).toBe(token);
    expect(await isLive(session, token)).toBe(true);
  });

  it('plans with what would be refused, and changes nothing', async () => {
    using session = new Session();
    await session.issue('--client', 'partner', '--ttl', '9d');
    ok(await session.run(['clients', 'set', 'partner', '--max-ttl', '30d']));
    const plan = await session.run(['rotate', '--all', '--ttl', '31d', '--dry-run', '--json']);
    expect(JSON.parse(plan.stdout)).toMatchObject({ dryRun: true, tokens: [{ refusal: { code: 'OVER_CAP' } }] });
    const { stderr } = await session.run(['rotate', '--all', '--ttl', '31d', '--dry-run']);
    expect(stderr).toContain('refused');
    expect(JSON.parse(ok(await session.run(['list', '--json'])))).toHaveLength(1);
  });
});
