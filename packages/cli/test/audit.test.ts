/** `apikey audit list|verify|export` as their users meet them; what verify can find is in audit.load.test.ts. */
import { appendFileSync, existsSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { edit } from './audit-sqlite.ts';
import { BuiltCli } from './built-cli.ts';
import { errorOf, Session, type Result } from './session.ts';

let session: Session;
let file: string;

beforeEach(() => {
  session = new Session();
  file = join(session.cwd, 'audit.jsonl');
});
afterEach(() => session[Symbol.dispose]());

const audit = (...argv: readonly string[]): Promise<Result> => session.run(['audit', ...argv]);
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** Two clients, a rotation, a revocation with its reason, and a limit, on three days. */
async function story(): Promise<{ readonly first: string; readonly second: string }> {
  const { jti: first } = await session.issue('--client', 'partner', '--note', 'for the portal');
  session.now += 86_400_000;
  const { stdout } = await session.run(['rotate', first, '--json']);
  const { jti: second }: { jti: string } = JSON.parse(stdout);
  await session.run(['clients', 'set', 'zenith', '--contact', 'ops@zenith.example']);
  session.now += 86_400_000;
  await session.run(['revoke', first, '--yes', '--reason', 'laptop lost']);
  return { first, second };
}

describe('audit list', () => {
  it('says who did what, when and why, with the fields before and after', async () => {
    const { first } = await story();
    const { stdout } = await audit('--token', first, '--action', 'token.revoked');
    const [at, actor, ...rest] = stdout.trimEnd().split('\t');
    expect(at).toBe('2026-11-22T12:00:00.000Z');
    expect(actor).toMatch(/.@./);
    expect(rest.slice(0, 5)).toEqual(['token.revoked', 'client:partner', '8', first, 'laptop lost']);
    expect(rest[5]).toMatch(/^state active -> revoked, revokedAt \d+, revokedBy .+@.+$/);
  });

  it('is the same without the word list, and prints an array or JSON Lines of the same events', async () => {
    await story();
    const array: { seq: number; reason: string | null }[] = JSON.parse((await audit('--json')).stdout);
    const objects = lines((await audit('list', '--json-lines')).stdout).map((line): unknown => JSON.parse(line));
    expect(objects).toEqual(array);
    expect(array).toHaveLength(11);
    expect(array.at(-1)).toMatchObject({
      action: 'token.revoked',
      reason: 'laptop lost',
      detail: { entity: 'token', before: { state: 'active' }, after: { state: 'revoked', reason: 'laptop lost' } },
    });
  });

  it.each([
    [['--since', '1d'], 6],
    [['--since', '2026-11-22'], 1],
    [['--until', '2026-11-21T12:00:00Z'], 5],
    [['--since', '2026-11-21', '--until', '12h'], 5],
    [['--client', 'zenith'], 1],
    [['--action', 'key'], 2],
    [['--action', 'token.prepared'], 2],
    [['--actor', 'nobody'], 0],
    [['--limit', '3'], 3],
  ])('with %j shows %i events', async (flags, count) => {
    await story();
    expect(lines((await audit(...flags)).stdout)).toHaveLength(count);
  });

  it('keeps the newest where only so many are wanted, and still begins with the oldest of them', async () => {
    await story();
    const actions = lines((await audit('--limit', '3')).stdout).map((line) => line.split('\t')[2]);
    expect(actions).toEqual(['token.replaced', 'client.registered', 'token.revoked']);
  });

  it('follows a token whose record is gone, and a prefix beside its client', async () => {
    const { first } = await story();
    expect(lines((await audit('--client', 'partner', '--token', first.slice(0, 8))).stdout)).toHaveLength(5);
    edit(session.dataDir, (db) => db.prepare('DELETE FROM token WHERE jti = ?').run(first));
    expect(lines((await audit('--token', first)).stdout)).toHaveLength(5);
  });

  it('shows a person when, who, what, about what, why, and what changed', async () => {
    await story();
    const { stdout } = await session.run(['audit', '--action', 'token', '--since', '1d'], {
      tty: true,
      columns: 120,
      env: { NO_COLOR: '1' },
    });
    const shown = stdout.replaceAll(/\b[\w.-]+@[\w.-]+/g, 'ann@host').replaceAll(/\b[0-9a-f]{8}\b(?!-)/g, 'JTI');
    expect(shown.split('\n')[0]).toMatch(/^WHEN +WHO +WHAT +ABOUT +WHY +CHANGE$/);
    expect(shown).toMatch(/^24 hours ago +ann@host +token\.replaced +partner JTI +liveUntil in 88 days -> in 6 days$/m);
    expect(shown).toMatch(/^now +ann@host +token\.revoked +partner JTI +laptop lost +state active -> revoked$/m);
  });

  it('says on standard error that there is nothing, before the set-up and with filters that match nothing', async () => {
    expect(await audit()).toEqual({ code: 0, stdout: '', stderr: 'no events yet in environment local\n' });
    await story();
    expect(await audit('--actor', 'x@y')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no events match in environment local\n',
    });
    expect(await audit('--actor', 'x@y', '--json')).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    expect(await audit('--actor', 'x@y', '--json-lines')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it.each([
    [['--since', 'yesterday'], 'INVALID_TIME'],
    [['--limit', '0'], 'INVALID_INPUT'],
    [['--limit', '1000000'], 'INVALID_INPUT'],
    [['--action', 'token.destroyed'], 'INVALID_INPUT'],
    [['--client', 'No Such'], 'INVALID_CLIENT'],
    [['--token', 'abc12'], 'INVALID_JTI'],
    [['--json-lines'], 'USAGE'],
    [['verfy'], 'USAGE'],
  ])('refuses %j with %s', async (flags, code) => {
    await story();
    const result = await audit(...flags, '--json');
    expect({ code: result.code, error: errorOf(result).code }).toEqual({ code: 2, error: code });
  });

  it('stops when its reader goes away', async () => {
    using cli = new BuiltCli();
    for (let n = 0; n < 3; n += 1) await cli.json(['issue', '--client', `c${n}`]);
    const running = cli.start(['audit', '--json-lines']);
    running.process.stdout?.destroy();
    expect(await running.outcome).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('audit verify', () => {
  it('sums up what it checked', async () => {
    await story();
    const { code, stdout, stderr } = await audit('verify');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replace(/[0-9a-f]{64}/, 'HASH')).toMatchInlineSnapshot(`
      "no findings in environment local
        checked  11 events of 3 chains, 2 token records
        grants   verified
        head     HASH
      "
    `);
  });

  it('names the event or record, and the difference, of every finding', async () => {
    const { second } = await story();
    edit(session.dataDir, (db) => {
      db.exec(`UPDATE event SET doc = json_set(doc, '$.actor', 'x@y') WHERE aggregate = 'client:zenith'`);
      db.prepare(`UPDATE token SET doc = json_set(doc, '$.liveUntil', exp - 60) WHERE jti = ?`).run(second);
    });
    const { code, stdout } = await audit('verify');
    expect(code).toBe(11);
    const told = stdout.replaceAll(second, 'JTI').replaceAll(/[0-9a-f]{64}/g, 'HASH');
    expect(told.replaceAll(/\b\d{10}\b/g, 'SECONDS')).toMatchInlineSnapshot(`
      "✗ what is stored is not what the events led to
          where     client:partner
          about     JTI
          member    liveUntil
          expected  SECONDS
          found     SECONDS
      ✗ an event is not what was hashed when it was written
          where     client:zenith
          event     1
          member    hash
          expected  HASH
          found     HASH

      2 findings in environment local
        checked  11 events of 3 chains, 2 token records
        grants   verified
        head     HASH
      "
    `);
  });

  it('accepts that a record is gone after its token expired and was kept for 400 days, and not before', async () => {
    const { first } = await story();
    edit(session.dataDir, (db) => db.prepare('DELETE FROM token WHERE jti = ?').run(first));
    const { code, stdout } = await audit('verify', '--json');
    expect({ code, report: JSON.parse(stdout) }).toMatchObject({
      code: 11,
      report: { ok: false, findings: [{ aggregate: 'client:partner', kind: 'record_missing', subject: first }] },
    });
    session.now += (90 + 400) * 86_400_000;
    expect((await audit('verify')).code).toBe(0);
  });

  it('goes on behind entries that cannot be read', async () => {
    await story();
    await session.issue('--client', 'zenith');
    edit(session.dataDir, (db) => {
      db.exec(`UPDATE client SET doc = json_set(doc, '$.epoch', 'one') WHERE id = 'partner'`);
      db.exec(`UPDATE event SET doc = json_set(doc, '$.hash', 7) WHERE aggregate = 'client:zenith' AND seq = 2`);
    });
    const { code, stdout } = await audit('verify', '--json');
    const { findings }: { findings: { aggregate: string; kind: string; seq: number | null }[] } = JSON.parse(stdout);
    expect(code).toBe(11);
    expect(findings.map(({ aggregate, kind, seq }) => [aggregate, kind, seq])).toEqual([
      ['registry', 'damaged', null],
      ['registry', 'damaged', null],
      ['client:partner', 'damaged', null],
      ['client:zenith', 'damaged', 2],
    ]);
  });

  it('checks one client alone, and knows no other', async () => {
    await story();
    expect(JSON.parse((await audit('verify', '--client', 'zenith', '--json')).stdout)).toMatchObject({ events: 1 });
    expect(await audit('verify', '--client', 'nobody', '--json')).toMatchObject({ code: 3 });
  });

  it('is not set up before the environment is', async () => {
    expect(errorOf(await audit('verify', '--json')).code).toBe('REGISTRY_NOT_FOUND');
  });

  it('shows a bar on a terminal', async () => {
    await story();
    const { stderr } = await session.run(['audit', 'verify'], { tty: true });
    expect(stderr).toContain('events checked');
  });
});

describe('audit export', () => {
  it('makes a file that its owner alone can read, and that can be checked without the registry', async () => {
    await story();
    expect((await audit('export', '-o', file)).stderr).toContain('11 events and 2 token records');
    expect(statSync(file).mode % 0o1000).toBe(0o600);
    expect(await session.run(['audit', 'verify', '--from', file], { env: { HOME: '/nonexistent' } })).toMatchObject({
      code: 0,
    });
  });

  it('holds no token', async () => {
    const { token } = await session.issue('--client', 'partner');
    await audit('export', '-o', file);
    const text = readFileSync(file, 'utf8');
    for (const part of token.split('.')) expect(text).not.toContain(part);
  });

  it('prints the same on standard output', async () => {
    await story();
    await audit('export', '-o', file);
    for (const flags of [[], ['-o', '-']]) {
      const { code, stdout } = await audit('export', ...flags);
      expect({ code, same: stdout === readFileSync(file, 'utf8') }).toEqual({ code: 0, same: true });
    }
  });

  it('overwrites nothing unless told to, and refuses what contradicts itself', async () => {
    await story();
    await audit('export', '-o', file);
    const before = readFileSync(file, 'utf8');
    expect(errorOf(await audit('export', '-o', file, '--json')).code).toBe('FILE_EXISTS');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(await audit('export', '-o', file, '--force', '--json')).toMatchObject({ code: 0 });
    for (const flags of [
      ['--append'],
      ['--force'],
      ['--json'],
      ['-o', file, '--force', '--append'],
      ['-o', '', '-q'],
    ]) {
      expect(await audit('export', ...flags)).toMatchObject({ code: 2 });
    }
    expect(errorOf(await audit('export', '-o', join(session.cwd, 'no', 'x'), '--json')).code).toBe('FILE_NOT_FOUND');
  });

  it('adds what is new to an earlier one, which then equals a fresh one in all that counts', async () => {
    const { second } = await story();
    await audit('export', '-o', file, '--append', '-q');
    await session.issue('--client', 'zenith', '--request-id', 'run/2');
    await session.run(['revoke', second, '--yes']);
    expect(JSON.parse((await audit('export', '-o', file, '--append', '--json')).stdout)).toMatchObject({
      events: 3,
      records: 2,
      appended: true,
    });
    expect(JSON.parse((await audit('export', '-o', file, '--append', '--json')).stdout)).toMatchObject({ events: 0 });
    const offline = JSON.parse((await audit('verify', '--from', file, '--json')).stdout);
    const live = JSON.parse((await audit('verify', '--json')).stdout);
    expect(offline).toMatchObject({ ok: true, head: live.head, events: live.events, records: live.records });
    expect(readFileSync(file, 'utf8').match(/"type":"request"/g)).toHaveLength(1);
  });

  it.each([
    ['in the middle of a line', (path: string) => truncateSync(path, statSync(path).size - 700)],
    ['before its end', (path: string) => appendFileSync(path, '{"type":"record","record":{}}\n')],
    ['in its last line', (path: string) => truncateSync(path, statSync(path).size - 1)],
  ])('drops what a run left behind that was cut short %s, and goes on', async (_, tear) => {
    await story();
    await audit('export', '-o', file, '-q');
    await session.issue('--client', 'zenith');
    await audit('export', '-o', file, '--append', '-q');
    tear(file);
    const torn = await audit('verify', '--from', file);
    expect(torn).toMatchObject({ code: 0 });
    expect(torn.stdout).toContain('cut short');
    expect((await audit('export', '-o', file, '--append')).stderr).toContain('cut short');
    expect(JSON.parse((await audit('verify', '--from', file, '--json')).stdout)).toMatchObject({
      ok: true,
      events: 13,
      unfinishedLines: 0,
    });
  });

  it.each([0, 1, 20, 60])('begins anew where a run was killed after %i bytes', async (bytes) => {
    await story();
    await audit('export', '-o', file, '-q');
    truncateSync(file, bytes);
    expect(errorOf(await audit('verify', '--from', file, '--json')).code).toBe('EXPORT_DAMAGED');
    expect(await audit('export', '-o', file, '--append', '-q')).toMatchObject({ code: 0 });
    expect((await audit('verify', '--from', file)).code).toBe(0);
  });

  it('finishes one whose first run never ended', async () => {
    await story();
    await audit('export', '-o', file, '-q');
    truncateSync(file, 4_000);
    expect(errorOf(await audit('verify', '--from', file, '--json'))).toMatchObject({
      code: 'EXPORT_DAMAGED',
      fix: expect.stringContaining('--append'),
    });
    expect(await audit('export', '-o', file, '--append', '-q')).toMatchObject({ code: 0 });
    expect((await audit('verify', '--from', file)).code).toBe(0);
  });

  it('continues no export of another environment, no registry that was set back, and nothing that is no export', async () => {
    await story();
    await audit('export', '-o', file, '-q');
    const before = readFileSync(file, 'utf8');
    const other = { env: { APIKEY_ISSUER: 'https://elsewhere.example' } };
    const foreign = await session.run(['audit', 'export', '-o', file, '--append', '--json'], other);
    expect(errorOf(foreign)).toMatchObject({ code: 'EXPORT_MISMATCH', why: expect.stringContaining('issuer') });
    edit(session.dataDir, (db) => {
      db.exec(`DELETE FROM event WHERE aggregate = 'client:partner' AND seq = 8`);
      db.exec(
        `UPDATE client SET doc = json_set(doc, '$.version', version - 1, '$.eventSeq', 7, '$.eventHash',
          (SELECT doc ->> '$.hash' FROM event WHERE aggregate = 'client:partner' AND seq = 7)) WHERE id = 'partner'`,
      );
    });
    const back = await audit('export', '-o', file, '--append', '--json');
    expect({ code: back.code, error: errorOf(back) }).toMatchObject({ code: 5, error: { code: 'EXPORT_MISMATCH' } });
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(existsSync(`${file}.lock`)).toBe(false);
    writeFileSync(file, 'something else\n');
    expect(errorOf(await audit('export', '-o', file, '--append', '--json')).code).toBe('EXPORT_DAMAGED');
    expect(readFileSync(file, 'utf8')).toBe('something else\n');
  });

  it('lets one run at a time append, and takes over from one that was killed', async () => {
    await story();
    await audit('export', '-o', file, '-q');
    writeFileSync(`${file}.lock`, '1@another-machine');
    const locked = await audit('export', '-o', file, '--append', '--json');
    expect(errorOf(locked)).toMatchObject({ code: 'WRONG_STATE', fix: expect.stringContaining('.lock') });
    writeFileSync(`${file}.lock`, `4194304@${(await import('node:os')).hostname()}`);
    expect(await audit('export', '-o', file, '--append', '-q')).toMatchObject({ code: 0 });
  });

  it('leaves the file as it was when the registry fails half-way', async () => {
    await story();
    await audit('export', '-o', file, '-q');
    const before = readFileSync(file, 'utf8');
    await session.issue('--client', 'acme');
    await session.issue('--client', 'zenith');
    edit(session.dataDir, (db) => db.exec(`UPDATE client SET doc = json_set(doc, '$.epoch', 'x') WHERE id = 'zenith'`));
    for (const flags of [['--append'], ['--force']]) {
      expect((await audit('export', '-o', file, ...flags, '--json')).code).toBe(9);
      expect(readFileSync(file, 'utf8')).toBe(before);
    }
    expect((await audit('export', '-o', `${file}.new`)).code).toBe(9);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  it('tells a disk that is full', async () => {
    await story();
    const full = join(session.cwd, 'full');
    symlinkSync('/dev/full', full);
    expect(await audit('export', '-o', full, '--json')).toMatchObject({ code: 5 });
    const { code } = await session.run(['audit', 'export'], { stdoutFails: 'ENOSPC' });
    expect(code).toBe(6);
    expect((await session.run(['audit', 'export'], { stdoutFails: 'EPIPE' })).code).toBe(0);
  });

  it('is whole, however others write meanwhile', async () => {
    await story();
    const work = Array.from({ length: 12 }, (_, n) => [
      session.issue('--client', n % 2 === 0 ? 'partner' : 'zenith'),
      audit('verify', '--json'),
      ...(n % 3 === 0 ? [audit('export', '-o', `${file}${n}`)] : []),
    ]);
    const results = await Promise.all(work.flat());
    for (const result of results) if ('code' in result) expect(result.code).toBe(0);
    for (const n of [0, 3, 6, 9]) expect((await audit('verify', '--from', `${file}${n}`)).code).toBe(0);
  });
});

describe('audit verify --from', () => {
  const alter = (change: (lines: string[]) => void): void => {
    const all = readFileSync(file, 'utf8').split('\n');
    change(all);
    writeFileSync(file, all.join('\n'));
  };

  beforeEach(async () => {
    await session.issue('--client', 'partner', '--request-id', 'run/1');
    await audit('export', '-o', file, '-q');
  });

  it.each<[string, (lines: string[]) => void, string]>([
    ['a line that is no JSON', (all) => (all[3] = '{"type":"event",'), 'line 4: it is not JSON'],
    ['a line of another kind', (all) => (all[3] = '{"type":"token"}'), 'line 4: it is none of event'],
    ['a byte order mark inside', (all) => (all[3] = `\u{FEFF}${all[3]}`), 'line 4: it begins with a byte order mark'],
    ['an event with a member more', (all) => (all[2] = String(all[2]).replace('"seq"', '"new":1,"seq"')), 'line 3: a'],
    ['a line removed', (all) => all.splice(4, 1), 'lines should stand before it'],
    ['a line twice', (all) => all.splice(4, 0, String(all[4])), 'lines should stand before it'],
    [
      'a request that was edited',
      (all) => {
        const at = all.findIndex((line) => line.startsWith('{"type":"request"'));
        all[at] = String(all[at]).replace(/(?<="jti":")./, (digit) => (digit === '0' ? '1' : '0'));
      },
      'the lines before it are not those that were written',
    ],
  ])('finds %s, with its line', async (_, change, words) => {
    alter(change);
    const { code, stdout, stderr } = await audit('verify', '--from', file);
    expect({ code, stderr }).toEqual({ code: 11, stderr: '' });
    expect(stdout).toContain(words);
  });

  it.each<[string, () => void]>([
    ['nothing', () => writeFileSync(file, '')],
    ['something else', () => writeFileSync(file, '[]\n')],
    ['an export in UTF-16', () => writeFileSync(file, Buffer.from(readFileSync(file, 'utf8'), 'utf16le'))],
    ['an export behind a byte order mark', () => writeFileSync(file, `\u{FEFF}${readFileSync(file, 'utf8')}`)],
    ['one endless line', () => writeFileSync(file, 'x'.repeat(6 * 1024 * 1024))],
    [
      'an export of a newer version',
      () => alter((all) => (all[0] = String(all[0]).replace('"version":1', '"version":2'))),
    ],
  ])('refuses %s', async (_, write) => {
    write();
    const result = await audit('verify', '--from', file, '--json');
    expect({ code: result.code, error: errorOf(result).code }).toEqual({ code: 9, error: 'EXPORT_DAMAGED' });
  });

  it('refuses what is not there, and what is no file', async () => {
    expect(errorOf(await audit('verify', '--from', `${file}x`, '--json')).code).toBe('FILE_NOT_FOUND');
    expect(errorOf(await audit('verify', '--from', session.cwd, '--json')).code).toBe('INVALID_INPUT');
  });
});
