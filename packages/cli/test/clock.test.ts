import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf, Session } from './session.ts';

const [MINUTE, DAY] = [60_000, 86_400_000];

/** A host on which everything was done at the right time, and whose clock is then set. */
describe('a host whose clock is wrong', () => {
  let session: Session;
  let tokens: { readonly live: string; readonly old: string; readonly pending: string };
  let kids: readonly string[];

  async function done(...argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await session.run(argv);
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
    return stdout;
  }
  const given = (argv: readonly string[]): string[] =>
    argv.map((word) =>
      word
        .replace('{LIVE}', tokens.live)
        .replace('{OLD}', tokens.old)
        .replace('{PENDING}', tokens.pending)
        .replace('{FIRST}', kids[0] ?? '')
        .replace('{NEW}', kids[2] ?? ''),
    );

  beforeEach(async () => {
    session = new Session();
    const { jti: live } = await session.issue('--client', 'partner', '--ttl', '5d', '--scope', 'a', '--scope', 'b');
    const { jti: old } = await session.issue('--client', 'other', '--ttl', '30d');
    await done('rotate', old, '-q', '--yes');
    await session.issue('--client', 'stopped');
    await done('clients', 'suspend', 'stopped', '--yes', '-q');
    await done('clients', 'set', 'partner', '--scope', 'a', '--scope', 'b', '--cidr', '10.0.0.0/8', '-q');
    await done('keys', 'rotate', '--now', '-q');
    session.now += 11 * MINUTE;
    await done('keys', 'create', '-q');
    const cut = await session.run(['issue', '--client', 'partner', '--request-id', 'CHG-1'], { syncFails: 'EIO' });
    expect(cut.code).toBe(6);
    const [pending] = JSON.parse(await done('list', '--state', 'pending', '--json')) as { readonly jti: string }[];
    tokens = { live, old, pending: pending?.jti ?? '' };
    kids = (JSON.parse(await done('keys', 'list', '--json')) as { readonly kid: string }[]).map(({ kid }) => kid);
    writeFileSync(join(session.cwd, 'cut.token'), cut.stdout);
    writeFileSync(join(session.cwd, 'bulk.csv'), 'client,request_id\nfresh,b-1\npartner,b-2\n');
  });
  afterEach(() => session[Symbol.dispose]());

  const GIVING: readonly (readonly string[])[] = [
    ['issue', '--client', 'partner'],
    ['issue', '--client', 'partner', '--dry-run'],
    ['issue', '--client', 'unknown-until-now'],
    ['issue', '--client', 'partner', '--request-id', 'CHG-1'],
    ['rotate', '{LIVE}', '--grace', '7d'],
    ['rotate', '{LIVE}', '--dry-run'],
    ['activate', '{PENDING}', '--token-file', 'cut.token'],
    ['clients', 'resume', 'stopped'],
    ['clients', 'set', 'partner', '--scope', 'a', '--scope', 'b', '--scope', 'c'],
    ['clients', 'set', 'partner', '--unset', 'cidr'],
    ['keys', 'create'],
    ['keys', 'activate', '{NEW}', '--now', '--yes'],
    ['keys', 'rotate', '--now'],
  ];
  it.each(GIVING.map((argv) => [argv.join(' '), argv] as const))('gives nothing: %s', async (_, argv) => {
    session.now -= 10 * DAY;
    const refused = await session.run([...given(argv), '--json']);
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    expect(errorOf(refused)).toMatchObject({ code: 'CLOCK_BEHIND', fix: expect.stringContaining('--clock-checked') });
    const proceeds = await session.run([...given(argv), '--json', '--clock-checked']);
    // On a clock that is right, what was prepared before is issued in the future.
    if (argv.includes('--request-id')) expect(errorOf(proceeds).code).toBe('GRANT_NOT_VERIFIED');
    else expect(proceeds.code).toBe(0);
  });

  const MANY: readonly (readonly string[])[] = [
    ['issue', '--from', 'bulk.csv', '--out-dir', 'out'],
    ['rotate', '--all', '--yes', '--out-dir', 'out'],
  ];
  it.each(MANY.map((argv) => [argv.join(' '), argv] as const))('gives nothing to many: %s', async (_, argv) => {
    const before = await done('audit', '--json');
    session.now -= DAY;
    const refused = await session.run(argv);
    expect(refused.code).toBe(7);
    expect(refused.stderr).toContain('CLOCK_BEHIND');
    expect(await done('audit', '--json')).toBe(before);
    expect((await session.run([...argv, '--clock-checked'])).code).toBe(0);
  });

  const TAKING: readonly (readonly string[])[] = [
    ['revoke', '{LIVE}', '--yes'],
    ['revoke', '--client', 'partner', '--all', '--yes'],
    ['clients', 'suspend', 'partner', '--yes'],
    ['clients', 'revoke', 'partner', '--confirm', 'partner'],
    ['clients', 'set', 'partner', '--scope', 'a'],
    ['clients', 'set', 'partner', '--contact', 'ops@partner.example'],
    ['keys', 'retire', '{FIRST}', '--dry-run'],
    ['keys', 'revoke', '--confirm={FIRST}', '--', '{FIRST}'],
  ];
  it.each(TAKING.flatMap((argv) => [-10, 10].map((days) => [argv.join(' '), days, argv] as const)))(
    'takes away at once: %s, %i days off',
    async (_, days, argv) => {
      session.now += days * DAY;
      const result = await session.run(given(argv));
      // Of the first key there are tokens: that is what may keep it, and no clock.
      if (argv[1] === 'retire') expect(result.stderr).not.toContain('CLOCK');
      else expect(result).toMatchObject({ code: 0 });
      session.now -= days * DAY;
      const found = await session.run(['audit', 'verify', '--json']);
      expect(JSON.parse(found.stdout)).toMatchObject(days < 0 || argv[1] === 'retire' ? { ok: true } : { ok: false });
    },
  );

  it('does not end a client: the story of a rotation ten days behind', async () => {
    session.now -= 10 * DAY;
    expect((await session.run(['rotate', tokens.live, '--grace', '7d'])).code).toBe(5);
    session.now += 10 * DAY;
    expect(JSON.parse(await done('show', tokens.live, '--json'))).toMatchObject({ live: true });
  });

  it('is found afterwards, by doctor and by audit verify', async () => {
    session.now += 10 * DAY;
    await session.issue('--client', 'partner');
    session.now -= 10 * DAY;
    const future = { aggregate: 'client:partner', kind: 'event_future' };
    const seen = await session.run(['audit', 'verify', '--json']);
    expect(seen.code).toBe(11);
    expect(JSON.parse(seen.stdout).findings).toEqual([
      expect.objectContaining(future),
      expect.objectContaining(future),
    ]);
    expect((await session.run(['doctor'])).stdout).toContain('2 events of the audit log are dated in the future');
    await session.issue('--client', 'partner', '--clock-checked');
    session.now += 11 * DAY;
    expect(JSON.parse((await session.run(['audit', 'verify', '--json'])).stdout).findings).toEqual([
      expect.objectContaining({
        kind: 'event_backwards',
        note: expect.stringMatching(/^dated 2026-11-.* behind 2026-1/),
      }),
    ]);
    const { stdout, code } = await session.run(['doctor']);
    expect(code).toBe(11);
    expect(stdout).toContain('1 event of the audit log goes back in time');
    expect(stdout).toContain('of client:partner');
  });

  it('loses no export: what a wrong clock dated is put back as it is', async () => {
    session.now += 10 * DAY;
    await session.issue('--client', 'partner');
    session.now -= 10 * DAY;
    await session.issue('--client', 'partner', '--clock-checked');
    await done('audit', 'export', '-o', 'audit.jsonl', '-q');
    const before = readFileSync(join(session.cwd, 'audit.jsonl'), 'utf8');
    expect(before).toContain('token.activated');
    const env = { APIKEY_REGISTRY: `sqlite:${join(session.home, 'elsewhere')}` };
    expect(await session.run(['restore', '--from', 'audit.jsonl', '--yes'], { env })).toMatchObject({ code: 0 });
  });
});
