/** `issue --from`, in-process: what it accepts, refuses, says, and does when it is run again. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf, Session, type Result, type RunOptions } from './session.ts';

let session: Session;
beforeEach(() => {
  session = new Session();
});
afterEach(() => session[Symbol.dispose]());

const at = (...names: string[]): string => join(session.cwd, ...names);
const file = (name: string, text: string): void => writeFileSync(at(name), text);
const read = (name: string): string => readFileSync(at(name), 'utf8');
const issue = (flags: readonly string[], options?: RunOptions): Promise<Result> =>
  session.run(['issue', '--from', ...flags], options);
const jsonLines = (text: string): Record<string, unknown>[] =>
  text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);

const byLine = (a: Record<string, unknown>, b: Record<string, unknown>): number =>
  Number(a['line']) - Number(b['line']);

async function listed(): Promise<readonly { readonly jti: string; readonly client: string; readonly live: boolean }[]> {
  const { stdout } = await session.run(['list', '--all', '--json']);
  return stdout === '' ? [] : (JSON.parse(stdout) as Awaited<ReturnType<typeof listed>>);
}

async function isLive(path: string): Promise<boolean> {
  return (await session.run(['verify', '--token-file', path])).code === 0;
}

const THREE = 'client,ttl,scope,note\npartner,90d,plans:read,first\nacme,,,\npartner,12h,,second\n';

describe('issue --from --out-dir', () => {
  it('sets the environment up, and writes one live token a line into a directory for its owner alone', async () => {
    file('clients.csv', THREE);
    const { code, stdout, stderr } = await issue(['clients.csv', '--out-dir', 'out/tokens']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('Set up environment local');
    expect(stderr).toContain('Issued 3 tokens in environment local, registering 2 clients');
    expect(readdirSync(at('out/tokens')).toSorted()).toEqual(['acme.token', 'partner+2.token', 'partner.token']);
    for (const name of readdirSync(at('out/tokens'))) {
      expect(statSync(at('out/tokens', name)).mode & 0o777).toBe(0o600);
      expect(await isLive(`out/tokens/${name}`)).toBe(true);
    }
    expect(statSync(at('out')).mode & 0o777).toBe(0o700);
  });

  it('issues nothing twice when it is run again, and says so', async () => {
    file('clients.csv', THREE);
    await issue(['clients.csv', '--out-dir', 'out']);
    const before = read('out/partner.token');
    const again = await issue(['clients.csv', '--out-dir', 'out']);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('3 were issued before') });
    expect(read('out/partner.token')).toBe(before);
    expect(await listed()).toHaveLength(3);
    const json = await issue(['clients.csv', '--out-dir', 'out', '--json']);
    expect(json.stderr).toBe('');
    expect(jsonLines(json.stdout).toSorted(byLine)).toEqual(
      ['partner.token', 'acme.token', 'partner+2.token'].map((name) =>
        expect.objectContaining({ tokenFile: `out/${name}`, alreadyIssued: true, env: 'local' }),
      ),
    );
  });

  it('reports a token that is gone as lost: its line fails, and says how to get another', async () => {
    file('clients.csv', THREE);
    await issue(['clients.csv', '--out-dir', 'out']);
    rmSync(at('out/acme.token'));
    const again = await issue(['clients.csv', '--out-dir', 'out', '--json']);
    expect(again.code).toBe(7);
    const failure = jsonLines(again.stdout).find((line) => 'error' in line);
    expect(failure).toMatchObject({
      line: 3,
      client: 'acme',
      error: { code: 'FILE_NOT_FOUND', fix: expect.stringMatching(/^apikey revoke .*--request-id file-[0-9a-f]{16}$/) },
    });
    expect(errorOf(again).code).toBe('BULK_PARTIAL');
    // As the words say: the line gets a request id, the others keep theirs.
    const [batch = ''] = /file-[0-9a-f]{16}/.exec(String(failure?.['requestId'])) ?? [];
    file(
      'clients.csv',
      'client,ttl,scope,note,request_id\npartner,90d,plans:read,first,\nacme,,,,again\npartner,12h,,second,\n',
    );
    const mended = await issue(['clients.csv', '--out-dir', 'out', '--request-id', batch]);
    expect(mended).toMatchObject({ code: 0, stderr: expect.stringContaining('Issued 1 token') });
    expect(await isLive('out/acme.token')).toBe(true);
  });

  it('refuses a directory that holds something else under one of the names, before anything is set up', async () => {
    file('clients.csv', THREE);
    mkdirSync(at('out'));
    file('out/acme.token', 'precious\n');
    const { code, stderr } = await issue(['clients.csv', '--out-dir', 'out']);
    expect(code).toBe(5);
    expect(stderr).toContain('clients.csv:3: acme: out/acme.token exists');
    expect(stderr).toContain('1 line of clients.csv is refused; nothing was issued');
    expect(readdirSync(at('out'))).toEqual(['acme.token']);
    expect(existsSync(session.dataDir)).toBe(false);
  });

  it('does not take the file of an edited batch for its own', async () => {
    file('clients.csv', THREE);
    await issue(['clients.csv', '--out-dir', 'out']);
    file('clients.csv', `${THREE}new,,,\n`);
    const { code, stderr } = await issue(['clients.csv', '--out-dir', 'out']);
    expect(code).toBe(5);
    expect(stderr).toContain('3 lines of clients.csv are refused; nothing was issued');
    expect(await listed()).toHaveLength(3);
  });

  it('with --request-id issues only what was added to the file', async () => {
    file('clients.csv', THREE);
    await issue(['clients.csv', '--out-dir', 'out', '--request-id', 'CHG-1']);
    file('clients.csv', `${THREE}new,,,\n`);
    const { stderr } = await issue(['clients.csv', '--out-dir', 'out', '--request-id', 'CHG-1']);
    expect(stderr).toContain('Issued 1 token in environment local, registering 1 client; 3 were issued before');
  });

  it('issues in one run what another has begun, with a new token in place of the dead one', async () => {
    file('clients.csv', 'client,request_id\npartner,CHG-1\nacme,CHG-2\n');
    await session.issue('--client', 'other');
    const full = await session.run(['issue', '--client', 'partner', '--request-id', 'CHG-1'], {
      stdoutFails: 'ENOSPC',
    });
    expect(full.code).toBe(6);
    const { code, stderr } = await issue(['clients.csv', '--out-dir', 'out']);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('Issued 2 tokens') });
    expect(await isLive('out/partner.token')).toBe(true);
    expect(await listed()).toHaveLength(3);
  });

  it('is refused a directory where another run is at work', async () => {
    file('clients.csv', THREE);
    mkdirSync(at('out'));
    const { holdExclusively } = await import('../src/delivery/exclusive.ts');
    const release = holdExclusively(at('out/.apikey-issue.lock'));
    expect(errorOf(await issue(['clients.csv', '--out-dir', 'out', '--json'])).code).toBe('WRONG_STATE');
    release?.();
    expect((await issue(['clients.csv', '--out-dir', 'out'])).code).toBe(0);
  });
});

describe('issue --from with the tokens in one file, or on standard output', () => {
  it('writes one JSON object a line, and appends to it what is new', async () => {
    file('clients.csv', THREE);
    expect((await issue(['clients.csv', '-o', 'tokens.jsonl', '--request-id', 'B'])).code).toBe(0);
    expect(statSync(at('tokens.jsonl')).mode & 0o777).toBe(0o600);
    const first = jsonLines(read('tokens.jsonl'));
    expect(new Set(first.map(({ line }) => line))).toEqual(new Set([2, 3, 4]));
    expect(first).toHaveLength(3);
    expect(first.toSorted(byLine)[0]).toMatchObject({
      client: 'partner',
      scopes: ['plans:read'],
      note: 'first',
      env: 'local',
    });
    file('clients.csv', `${THREE}new,,,\n`);
    const again = await issue(['clients.csv', '-o', 'tokens.jsonl', '--request-id', 'B', '--json']);
    expect(again.code).toBe(0);
    expect(jsonLines(again.stdout).map(({ alreadyIssued }) => alreadyIssued)).toEqual([true, true, true, false]);
    const second = jsonLines(read('tokens.jsonl'));
    expect(second.slice(0, 3)).toEqual(first);
    expect(second).toHaveLength(4);
    file('other.csv', 'client\nother\n');
    expect((await issue(['other.csv', '-o', 'tokens.jsonl'])).code).toBe(5);
    expect(readdirSync(session.cwd).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('prints them with --json, and on a rerun no token of those that were issued', async () => {
    const jsonl = '{"client":"partner","scope":["a","b"]}\n{"client":"acme","ttl":"1d"}\n';
    const options = { stdin: jsonl };
    const first = await issue(['-', '--format', 'jsonl', '--json'], options);
    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
    expect(jsonLines(first.stdout)).toEqual([
      expect.objectContaining({ token: expect.stringMatching(/^eyJ/), client: 'partner', scopes: ['a', 'b'] }),
      expect.objectContaining({ token: expect.stringMatching(/^eyJ/), client: 'acme' }),
    ]);
    const again = await issue(['-', '--format', 'jsonl', '--json'], options);
    expect(again.code).toBe(0);
    expect(again.stdout).not.toContain('eyJ');
    expect(jsonLines(again.stdout).map(({ alreadyIssued }) => alreadyIssued)).toEqual([true, true]);
  });

  it('stops at a standard output that is full, and finishes on the next run', async () => {
    file('clients.csv', `client\n${Array.from({ length: 300 }, (_, n) => `client-${n}\n`).join('')}`);
    const full = await issue(['clients.csv', '--json'], { stdoutFails: 'ENOSPC' });
    expect([6, 7]).toContain(full.code);
    expect((await listed()).filter(({ live }) => live)).toEqual([]);
    const again = await issue(['clients.csv', '--json']);
    expect(again.code).toBe(0);
    expect(jsonLines(again.stdout)).toHaveLength(300);
    expect((await listed()).filter(({ live }) => live)).toHaveLength(300);
  });
});

describe('a file with mistakes', () => {
  it('in line 5,000 of 10,000 issues nothing, and names the line', async () => {
    const lines = Array.from({ length: 10_000 }, (_, n) => (n === 4_998 ? 'Bad Name,90d' : `client-${n},90d`));
    file('clients.csv', `client,ttl\n${lines.join('\n')}\n`);
    const { code, stdout, stderr } = await issue(['clients.csv', '--out-dir', 'out']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('clients.csv:5000: client "Bad Name": this is not a client id');
    expect(stderr).toContain('1 line of clients.csv is wrong; nothing was issued');
    expect(existsSync(session.dataDir)).toBe(false);
    expect(existsSync(at('out'))).toBe(false);
  });

  it('names the first lines of many, and counts the others; with --json all is in the error', async () => {
    file('clients.csv', `client\n${'BAD\n'.repeat(50)}`);
    const { stderr } = await issue(['clients.csv', '--out-dir', 'out']);
    expect(stderr.match(/^clients.csv:\d+: /gm)).toHaveLength(20);
    expect(stderr).toContain('... and 30 lines more');
    const json = await issue(['clients.csv', '--out-dir', 'out', '--json']);
    expect(json).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(json)).toMatchObject({
      code: 'INVALID_INPUT',
      message: '50 lines of clients.csv are wrong; nothing was issued',
      why: expect.stringMatching(/^line 2: .*; line 3: .*; line 4: .*; and 47 more$/),
    });
  });

  it('over a cap, or against the policy of a client, is refused as a whole with exit code 5', async () => {
    await session.issue('--client', 'partner', '--request-id', 'used');
    const narrow = await session.run(['clients', 'set', 'narrow', '--scope', 'plans:read', '--max-ttl', '30d']);
    expect(narrow.code).toBe(0);
    for (const [line, code] of [
      ['fine,400d,,', 'OVER_CAP'],
      ['narrow,60d,,', 'OVER_CAP'],
      ['narrow,,admin,', 'SCOPE_NOT_ALLOWED'],
      ['partner,1d,,used', 'REQUEST_MISMATCH'],
    ] as const) {
      file('clients.csv', `client,ttl,scope,request_id\nfine,,,\n${line}\n`);
      const result = await issue(['clients.csv', '--out-dir', 'out', '--json']);
      expect({ code: result.code, stdout: result.stdout }).toEqual({ code: 5, stdout: '' });
      expect({ code: result.code, error: errorOf(result) }).toMatchObject({
        code: 5,
        error: {
          code,
          message: '1 line of clients.csv is refused; nothing was issued',
          why: expect.stringMatching(/^line 3: /),
        },
      });
    }
    expect(await listed()).toHaveLength(1);
    expect(existsSync(at('out', 'fine.token'))).toBe(false);
  });

  it.each([
    ['that is empty', '', 2],
    ['with a header alone', 'client,ttl\n', 2],
    ['without a header', 'partner,90d\n', 2],
    ['that ends in the past', 'client,expires\npartner,2020-01-01\n', 2],
    ['of two lines with one request id', 'client,request_id\na,x\nb,x\n', 2],
  ])('%s is refused', async (_, text, code) => {
    file('clients.csv', text);
    expect((await issue(['clients.csv', '--out-dir', 'out'])).code).toBe(code);
    expect(existsSync(session.dataDir)).toBe(false);
  });

  it('that is not there is exit code 3, a directory 2', async () => {
    expect((await issue(['none.csv', '--out-dir', 'out'])).code).toBe(3);
    mkdirSync(at('d.csv'));
    expect((await issue(['d.csv', '--out-dir', 'out'])).code).toBe(2);
  });

  it('never has a token that stands in it repeated', async () => {
    const { token } = await session.issue('--client', 'partner');
    file('clients.csv', `client,note\npartner,${token}\n"${token}",x\n`);
    const result = await issue(['clients.csv', '--out-dir', 'out']);
    expect(result.code).toBe(2);
    expect(result.stderr).not.toContain(token.split('.')[1]);
  });
});

describe('the flags of issue --from', () => {
  it.each([
    [['a.csv'], /needs to know where the tokens go/],
    [['a.csv', '--client', 'x', '--json'], /--from and --client exclude each other/],
    [['a.csv', '--out-dir', 'out', '-o', 'x'], /--out-dir and --output exclude each other/],
    [['a.csv', '-o', 'x', '--force'], /exclude each other/],
    [['a.txt', '--json'], /the form of a.txt is not known/],
    [['-', '--json'], /the form of standard input is not known/],
    [['a.csv', '--format', 'xml', '--json'], /--format \\"xml/],
    [['a.csv', '--json', '--concurrency', '0'], /--concurrency ."0/],
    [['a.csv', '--json', '--rate', '1.5'], /--rate ."1.5/],
    [['a.csv', '--out-dir', ''], /--out-dir needs a name/],
    [['a.csv', '--json', '--request-id', 'x'.repeat(90)], /--request-id is too long/],
  ])('%j are refused', async (flags, words) => {
    const { code, stderr } = await issue(flags);
    expect(code).toBe(2);
    expect(stderr).toMatch(words);
  });

  it('need --from, and issue needs one of --from and --client', async () => {
    for (const flags of [
      ['--out-dir', 'x'],
      ['--rate', '5'],
      ['--concurrency', '5'],
      ['--format', 'csv'],
    ]) {
      const result = await session.run(['issue', '--client', 'partner', ...flags]);
      expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining(`${flags[0]} needs --from`) });
    }
    expect((await session.run(['issue'])).stderr).toContain(
      'apikey issue needs the flag --client <id>, or --from <file>',
    );
  });

  it('hold for lines that do not say otherwise', async () => {
    file('clients.csv', 'client,ttl,note\na,,\nb,2d,own\n');
    const flags = ['--ttl', '1d', '--scope', 's', '--note', 'all', '--audience', 'https://x', '--json'];
    const [a, b] = jsonLines((await issue(['clients.csv', ...flags])).stdout);
    expect(a).toMatchObject({ scopes: ['s'], audience: ['https://x'], note: 'all' });
    expect(b).toMatchObject({ scopes: ['s'], note: 'own' });
    expect([a, b].map((line) => Number(line?.['exp']) - Number(line?.['iat']))).toEqual([86_400, 172_800]);
  });
});

describe('issue --from --dry-run', () => {
  it('tells the plan and changes nothing, before and after', async () => {
    file('clients.csv', THREE);
    const plan = await issue(['clients.csv', '--out-dir', 'out', '--dry-run']);
    expect(plan).toMatchObject({ code: 0, stdout: '' });
    expect(plan.stderr).toContain('set up the environment with a first signing key (ES256)');
    expect(plan.stderr).toContain('issue 3 tokens to 2 clients as files in out');
    expect([existsSync(session.dataDir), existsSync(at('out'))]).toEqual([false, false]);
    await issue(['clients.csv', '--out-dir', 'out']);
    rmSync(at('out/acme.token'));
    const { stdout, stderr } = await issue(['clients.csv', '--out-dir', 'out', '--dry-run', '--json']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      dryRun: true,
      env: 'local',
      setsUp: false,
      batch: expect.stringMatching(/^file-/),
      lines: 3,
      tokens: 0,
      resumes: 0,
      alreadyIssued: 2,
      failing: 1,
      clients: 2,
      newClients: 0,
    });
  });
});

describe('issue --from that is interrupted', () => {
  it('finishes what is under way, says what is left, and goes on when it is run again', async () => {
    file('clients.csv', `client\n${Array.from({ length: 40 }, (_, n) => `client-${n}\n`).join('')}`);
    await session.issue('--client', 'other');
    const interruption = new AbortController();
    // Once the first tokens are there.
    const watch = setInterval(() => {
      if (existsSync(at('out/client-2.token'))) interruption.abort();
    }, 1);
    const flags = ['clients.csv', '--out-dir', 'out', '--concurrency', '2'];
    const { code, stderr } = await issue(flags, { interrupted: interruption.signal });
    clearInterval(watch);
    expect(code).toBe(130);
    expect(stderr).toMatch(/code {2}INTERRUPTED/);
    const written = readdirSync(at('out')).filter((name) => name.endsWith('.token'));
    const live = (await listed()).filter(({ live: isIt, client }) => isIt && client !== 'other');
    expect(stderr).toContain(`${written.length} of 40 tokens were issued now; ${40 - written.length} are left`);
    expect(live).toHaveLength(written.length);
    expect((await issue(flags)).code).toBe(0);
    expect((await listed()).filter(({ live: isIt }) => isIt)).toHaveLength(41);
  });
});
