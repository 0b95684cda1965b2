import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@apikey/shared';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tokenRecord } from '../../test/records.ts';
import { holdExclusively } from './exclusive.ts';
import { grouped } from './grouped.ts';
import { TokenDirectory } from './token-directory.ts';
import { TokenLines } from './token-lines.ts';

let parent = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'apikey-places-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const at = (...names: string[]): string => join(parent, ...names);
const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jti = (n: number): string => `3f0e8a52-1c44-4c5e-9f0d-${String(n).padStart(12, '0')}`;

/** Of a token's form; nothing that looks at files verifies a signature. */
function token(n: number, rnd = 'a'): string {
  const claims = { iss: 'i', sub: 'c', aud: 'a', client_id: 'c', jti: jti(n), iat: 1, exp: 2, rnd: rnd.repeat(22) };
  return `${base64url({ alg: 'ES256', typ: 'at+jwt', kid: 'k'.repeat(43) })}.${base64url(claims)}.${'A'.repeat(86)}`;
}
const hashOf = (text: string): string => sha256Hex(Buffer.from(text.split('.')[1] ?? '', 'base64url'));
const record = (n: number): ReturnType<typeof tokenRecord> => ({ ...tokenRecord(), jti: jti(n), requestId: `r-${n}` });
const nameOf = ({ requestId }: { requestId?: string }): string => `${requestId}.token`;

describe('a directory of tokens', () => {
  it('is made with all above it, for its owner alone, and so are the files', async () => {
    const before = process.umask(0);
    try {
      using directory = TokenDirectory.open(at('a', 'b'));
      const sink = directory.sink(nameOf);
      await Promise.all([1, 2, 3].map((n) => sink.deliver(token(n), record(n))));
    } finally {
      process.umask(before);
    }
    expect(readdirSync(at('a', 'b')).toSorted()).toEqual(['r-1.token', 'r-2.token', 'r-3.token']);
    expect([at('a'), at('a', 'b')].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
    expect(statSync(at('a', 'b', 'r-1.token')).mode & 0o777).toBe(0o600);
    expect(readFileSync(at('a', 'b', 'r-2.token'), 'utf8')).toBe(`${token(2)}\n`);
  });

  it('tells its tokens from the beginning of one and from everything else', () => {
    const files = {
      whole: `${token(1)}\n`,
      empty: '',
      half: token(1).slice(0, 90),
      text: 'notes\n',
      huge: 'x'.repeat(70_000),
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
    mkdirSync(at('directory'));
    symlinkSync('nowhere', at('dangling'));
    const directory = TokenDirectory.look(parent);
    expect(directory.read('whole')).toEqual({ jti: jti(1), payloadSha256: hashOf(token(1)) });
    expect(['empty', 'half'].map((name) => directory.read(name))).toEqual(['torn', 'torn']);
    for (const name of ['text', 'huge', 'directory', 'dangling']) expect(directory.read(name)).toBe('something else');
    expect(directory.read('absent')).toBeUndefined();
    expect(TokenDirectory.look(at('absent')).read('x')).toBeUndefined();
    expect(existsSync(at('absent'))).toBe(false);
  });

  it('replaces what was there when it was opened, and nothing that came later; one that fails costs no other', async () => {
    writeFileSync(at('r-1.token'), 'old');
    using directory = TokenDirectory.open(parent);
    writeFileSync(at('r-2.token'), 'somebody’s');
    const sink = directory.sink(nameOf);
    const outcomes = await Promise.allSettled([1, 2, 3].map((n) => sink.deliver(token(n), record(n))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({
      reason: { code: 'DELIVERY_FAILED', why: expect.stringContaining('exists by now') },
    });
    expect(readFileSync(at('r-1.token'), 'utf8')).toBe(`${token(1)}\n`);
    expect(readFileSync(at('r-2.token'), 'utf8')).toBe('somebody’s');
  });

  it('is one run’s alone; the next one clears away what was not finished', () => {
    const first = TokenDirectory.open(parent);
    expect(() => TokenDirectory.open(parent)).toThrow(expect.objectContaining({ code: 'WRONG_STATE' }));
    first[Symbol.dispose]();
    expect(readdirSync(parent)).toEqual([]);
    writeFileSync(at('.apikey-0123456789abcdef.part'), 'half');
    writeFileSync(at('.apikey-issue.lock'), '');
    using _ = TokenDirectory.open(parent);
    expect(readdirSync(parent)).toEqual(['.apikey-issue.lock']);
  });

  it('is no file, and nothing that cannot be written to', () => {
    writeFileSync(at('file'), '');
    expect(() => TokenDirectory.open(at('file'))).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => TokenDirectory.open(at('file', 'below'))).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => TokenDirectory.open('/proc/no-such-place')).toThrow(
      expect.objectContaining({ code: 'ACCESS_DENIED' }),
    );
  });
});

describe('a file of token lines', () => {
  const form = (text: string, { requestId }: { requestId?: string }): string =>
    JSON.stringify({ token: text, requestId });
  const write = async (numbers: readonly number[], keep: (jti: string) => boolean = () => true): Promise<void> => {
    using file = await TokenLines.open(at('out'));
    await file.begin((held) => keep(held.jti));
    const sink = file.sink(form);
    await Promise.all(numbers.map((n) => sink.deliver(token(n), record(n))));
  };
  const lines = (): string[] => readFileSync(at('out'), 'utf8').split('\n');

  it('is new with mode 0600, and is appended to by the next run', async () => {
    await write([1, 2]);
    expect(statSync(at('out')).mode & 0o777).toBe(0o600);
    await write([3]);
    expect(lines()).toEqual([...[1, 2, 3].map((n) => form(token(n), record(n))), '']);
    expect(readdirSync(parent)).toEqual(['out']);
  });

  it('loses a torn last line, and the lines that are not kept', async () => {
    await write([1, 2, 3]);
    appendFileSync(at('out'), form(token(4), record(4)).slice(0, 200));
    await write([2], (held) => held !== jti(2));
    expect(lines()).toEqual([...[1, 3, 2].map((n) => form(token(n), record(n))), '']);
    expect(readdirSync(parent)).toEqual(['out']);
  });

  it('takes a last line that only lacks its end for what it is', async () => {
    await write([1]);
    writeFileSync(at('out'), readFileSync(at('out'), 'utf8').trimEnd());
    await write([2]);
    expect(lines()).toEqual([...[1, 2].map((n) => form(token(n), record(n))), '']);
  });

  it('is refused where it holds anything else', async () => {
    for (const text of [
      'notes\n',
      '{}\n',
      `${form(token(1), record(1))}\nnotes\n`,
      `torn\n${form(token(1), record(1))}\n`,
    ]) {
      writeFileSync(at('out'), text);
      await expect(TokenLines.open(at('out'))).rejects.toMatchObject({ code: 'FILE_EXISTS' });
      expect(readFileSync(at('out'), 'utf8')).toBe(text);
      rmSync(at('out'));
    }
    mkdirSync(at('directory'));
    await expect(TokenLines.open(at('directory'))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(TokenLines.open(at('gone', 'out'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(TokenLines.look('/dev/full')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('is one run’s alone', async () => {
    using _ = await TokenLines.open(at('out'));
    await expect(TokenLines.open(at('out'))).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  it('tells each token’s request, whatever mode others gave it', async () => {
    await write([1]);
    chmodSync(at('out'), 0o600);
    const file = await TokenLines.look(at('out'));
    expect([...file.lines]).toEqual([{ jti: jti(1), payloadSha256: hashOf(token(1)), requestId: 'r-1' }]);
  });
});

describe('the lock', () => {
  it('is for one holder, and can be had again once it was given back, or its file was left by one that died', () => {
    const release = holdExclusively(at('lock')) ?? expect.fail('not held');
    expect(holdExclusively(at('lock'))).toBeUndefined();
    release();
    writeFileSync(at('lock'), '');
    holdExclusively(at('lock'))?.();
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe('what is asked for at the same time', () => {
  it('is handed over together, in order, one group after the other', async () => {
    const groups: number[][] = [];
    let busy = 0;
    const ask = grouped<number>(4, async (items) => {
      busy += 1;
      expect(busy).toBe(1);
      groups.push([...items]);
      await new Promise((resolve) => setImmediate(resolve));
      busy -= 1;
      return items.map((item) => (item === 5 ? new Error('five') : undefined));
    });
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5, 6].map(ask));
    expect(groups).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, true, true, true, false, true]);
    await ask(7);
    expect(groups.at(-1)).toEqual([7]);
  });

  it('fails together where the group as a whole does', async () => {
    const ask = grouped<number>(4, () => Promise.reject(new Error('full')));
    const outcomes = await Promise.allSettled([1, 2].map(ask));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
