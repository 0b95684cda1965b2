/** `apikey report` as it is run: where the page goes, what it holds, and what is said about it. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BuiltCli } from './built-cli.ts';
import { tellStory } from './report-story.ts';
import { errorOf, Session, type Result } from './session.ts';

let session: Session;

beforeEach(() => {
  session = new Session();
});

afterEach(() => session[Symbol.dispose]());

const path = (name: string): string => join(session.cwd, name);
const read = (name: string): string => readFileSync(path(name), 'utf8');

async function report(...flags: readonly string[]): Promise<Result> {
  return session.run(['report', ...flags]);
}

interface Summary {
  readonly file: string;
  readonly tokens: number;
  readonly live: number;
  readonly attention: Readonly<Record<string, number>>;
  readonly audit: { readonly ok: boolean; readonly findings: number };
  readonly leftOut: readonly string[];
}

async function summary(...flags: readonly string[]): Promise<Summary> {
  const { code, stdout, stderr } = await report('-o', 'r.html', '--force', '--json', ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Summary;
}

describe('the whole of an environment', () => {
  beforeEach(() => tellStory(session));

  it('is summed up for whoever made the page', async () => {
    const { code, stdout, stderr } = await report('-o', 'r.html');
    expect(code).toBe(0);
    expect(stdout).toBe('');
    expect(stderr.replace(/\(\d+ kB\)/, '(SIZE)')).toBe(
      [
        'Wrote r.html (SIZE)',
        '  20 tokens of 9 clients, 9 live',
        '  needs attention: 1 expiring, 1 unused, 1 pending, 2 no contact, 1 past its date',
        '  the audit log verifies (10 chains)',
        '',
      ].join('\n'),
    );
  });

  it('is the same page each time, on standard output and in a file', async () => {
    const { stdout } = await report();
    expect((await report('-o', '-')).stdout).toBe(stdout);
    await report('-o', 'r.html');
    expect(read('r.html')).toBe(stdout);
  });

  it('names no token, no secret and no path of the machine that made it', async () => {
    const { token } = await session.issue('--client', 'canary', '--note', 'canary');
    const { stdout } = await report();
    for (const part of token.split('.').slice(1)) expect(stdout.includes(part)).toBe(false);
    expect(stdout.includes(session.home)).toBe(false);
  });

  it('is narrowed to clients and to a time, and says so', async () => {
    const narrow = await summary(
      '--client',
      'payroll-sync',
      '--client',
      'geo-tiles',
      '--since',
      '2026-08-01',
      '--no-events',
    );
    expect(narrow.tokens).toBe(5);
    expect(narrow.leftOut).toEqual([
      'Only these clients were asked for: geo-tiles, payroll-sync.',
      '2 tokens that ended before the time asked for are counted, and not shown.',
    ]);
    const source = read('r.html');
    expect(source.includes('dispatch-mobile')).toBe(false);
    expect(source.includes('Left out, as asked for.')).toBe(true);
  });

  it('goes back as far as a duration says', async () => {
    const [by, date] = [await summary('--since', '111d'), await summary('--since', '2026-08-01T12:00:00Z')];
    expect(by).toEqual(date);
    expect(by.leftOut).toHaveLength(1);
  });

  it('leads with what was tampered with', async () => {
    const database = new DatabaseSync(join(session.dataDir, 'registry.db'));
    database.exec(`UPDATE event SET doc = replace(doc, 'laptop was stolen', 'no longer needed')`);
    database.close();
    const { audit } = await summary();
    expect(audit.ok).toBe(false);
    expect(audit.findings).toBeGreaterThan(0);
    expect(read('r.html').includes('The audit log does not verify')).toBe(true);
    expect((await report('-o', 's.html')).stderr).toContain('the audit log does not verify:');
  });
});

describe('the file', () => {
  it('is its owner’s alone, and complete', async () => {
    await report('-o', 'r.html');
    expect(statSync(path('r.html')).mode & 0o777).toBe(0o600);
    expect(read('r.html')).toMatch(/^<!doctype html>[^]*<\/html>\n$/);
  });

  it('is not replaced unless that is asked for, and then as a whole', async () => {
    writeFileSync(path('r.html'), 'old');
    const refused = await report('-o', 'r.html', '--json');
    expect(refused.code).toBe(5);
    expect(errorOf(refused)).toMatchObject({ code: 'FILE_EXISTS', why: 'a report is only written to a new file' });
    expect(read('r.html')).toBe('old');
    expect((await report('-o', 'r.html', '--force', '-q')).stderr).toBe('');
    expect(read('r.html')).toMatch(/^<!doctype html>/);
    expect(readdirSync(session.cwd)).toEqual(['r.html']);
  });

  it.each([
    { target: 'no/such/r.html', code: 3, error: 'FILE_NOT_FOUND' },
    { target: '.', code: 2, error: 'INVALID_INPUT' },
    { target: '', code: 2, error: 'USAGE' },
  ])('is refused before anything is read where it cannot be: $error', async ({ target, code, error }) => {
    const result = await report('-o', target, '--json');
    expect(result.code).toBe(code);
    expect(errorOf(result).code).toBe(error);
  });

  it.each([[['--json']], [['--force']], [['--json', '-o', '-']]])('is needed for %s', async (flags) => {
    expect((await report(...flags)).code).toBe(2);
  });

  it('is needed on a terminal', async () => {
    const onTerminal = await session.run(['report'], { tty: true });
    expect(onTerminal.code).toBe(2);
    expect(onTerminal.stderr).toContain('add -o report.html, or send standard output to a file');
  });

  it('says that standard output took only a part', async () => {
    await session.issue('--client', 'partner');
    const result = await session.run(['report'], { stdoutFails: 'ENOSPC' });
    expect(result.code).toBe(6);
    expect(result.stderr).toContain('OUTPUT_FAILED');
  });
});

describe('what was asked for', () => {
  it('is an environment that was never set up: a page that says so', async () => {
    const { code, stdout, stderr } = await report('-o', 'r.html');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('Nothing has been set up in environment local yet.');
    expect(read('r.html').includes('Nothing has been set up in this environment yet.')).toBe(true);
    expect(readdirSync(session.home)).toEqual(['work']);
  });

  it('is a client that nobody knows', async () => {
    await session.issue('--client', 'partner');
    const result = await report('--client', 'partnr', '-o', 'r.html', '--json');
    expect(result.code).toBe(3);
    expect(errorOf(result).code).toBe('CLIENT_NOT_FOUND');
    expect(readdirSync(session.cwd)).toEqual([]);
  });

  it.each([
    ['--client', 'Not A Client'],
    ['--since', 'yesterday'],
  ])('cannot be understood: %s %s', async (flag, value) => {
    expect((await report(flag, value)).code).toBe(2);
  });
});

it('is the same page from the built command, which carries style sheet and script in itself', async () => {
  using cli = new BuiltCli();
  const { code, stdout, stderr } = await cli.run(['report']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const own = (await report()).stdout;
  const frame = (source: string): (string | undefined)[] =>
    [/<style>.*<\/style>/s, /<script>.*<\/script>/s, /Content-Security-Policy".*/].map(
      (part) => part.exec(source)?.[0],
    );
  expect(frame(stdout)).toEqual(frame(own));
});
