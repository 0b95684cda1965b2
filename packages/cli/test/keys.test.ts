import { describe, expect, it } from 'vitest';
import { Session, type Result } from './session.ts';

interface KeyRow {
  readonly kid: string;
  readonly state: string;
  readonly liveTokens: number;
}

const ringOf = async (session: Session): Promise<KeyRow[]> =>
  JSON.parse((await session.run(['keys', 'list', '--json'])).stdout);
const states = async (session: Session): Promise<string[]> => (await ringOf(session)).map(({ state }) => state);
const json = ({ code, stdout, stderr }: Result): unknown => {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};

describe('keys rotate', () => {
  it('creates a key, says how long it has to wait, and activates it after ten minutes', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    const run = async (): Promise<unknown> => json(await session.run(['keys', 'rotate', '--json']));
    expect(await run()).toMatchObject({ step: 'created', state: 'pending', alg: 'ES256', waitSeconds: 600 });
    session.now += 1_000;
    expect(await run()).toMatchObject({ step: 'waiting', waitSeconds: 599 });
    session.now += 599_000;
    expect(await run()).toMatchObject({ step: 'activated', state: 'active' });
    expect(await states(session)).toEqual(['retiring', 'active']);
    expect((await session.run(['verify'], { stdin: token })).code).toBe(0);
  });

  it('with --wait does all of it in one run, telling once how long it takes where nobody looks on', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    const before = session.now;
    const { code, stderr } = await session.run(['keys', 'rotate', '--wait', '--alg', 'EdDSA']);
    expect(code).toBe(0);
    expect(stderr.match(/Waiting 10:00 until key \S{43} may sign/g)).toHaveLength(1);
    expect(session.now - before).toBe(600_000);
    expect(await states(session)).toEqual(['retiring', 'active']);
  });

  it('counts down on a terminal, in one line that is gone afterwards', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    await session.run(['keys', 'rotate']);
    session.now += 595_500;
    const { stderr } = await session.run(['keys', 'rotate', '--wait'], { tty: true });
    const counted = [...stderr.matchAll(/(\d:\d\d) until key/g)].map(([, left]) => left);
    expect(counted).toEqual(['0:05', '0:04', '0:03', '0:02', '0:01']);
    expect(stderr).toContain('\r\u001B[2K\u001B[32mActivated');
  });

  it('with --now does not wait, and is what helps after the active key was revoked', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    const [first] = await ringOf(session);
    const kid = first?.kid ?? '';
    await session.run(['keys', 'revoke', kid, `--confirm=${kid.slice(0, 6)}`]);
    expect((await session.run(['issue', '--client', 'partner'])).code).toBe(5);
    expect(json(await session.run(['keys', 'rotate', '--now', '--json']))).toMatchObject({ step: 'activated' });
    expect(await states(session)).toEqual(['revoked', 'active']);
    expect((await session.run(['issue', '--client', 'partner'])).code).toBe(0);
  });

  it('is planned without a trace', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    const plan = async (): Promise<unknown> => json(await session.run(['keys', 'rotate', '--dry-run', '--json']));
    expect(await plan()).toEqual({ dryRun: true, step: 'create', alg: 'ES256', env: 'local' });
    await session.run(['keys', 'create']);
    expect(await plan()).toMatchObject({ step: 'wait', waitSeconds: 600 });
    session.now += 600_000;
    expect(await plan()).toMatchObject({ step: 'activate', waitSeconds: 0 });
    expect(await states(session)).toEqual(['active', 'pending']);
  });
});

describe('a kid', () => {
  it('may be shortened to its first six characters', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    await session.run(['keys', 'rotate', '--now']);
    session.now += 600_000;
    const [old] = await ringOf(session);
    const { code, stderr } = await session.run(['keys', 'retire', '--dry-run', '--', old?.kid.slice(0, 6) ?? '']);
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining('1 token of partner depends on it') });
  });
});

describe('keys list and export of a bare environment', () => {
  it('are an empty list and an error that names the way out', async () => {
    using session = new Session();
    expect(json(await session.run(['keys', 'list', '--json']))).toEqual([]);
    const { code, stderr } = await session.run(['keys', 'export']);
    expect(code).toBe(3);
    expect(stderr).toContain('REGISTRY_NOT_FOUND');
  });
});
