import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireTrusted, type User } from './trust.ts';

let root = '';
let file = '';
/** Who made the files. */
let owner: User = { uid: 0, gid: 0 };
/** Not root, and neither owner nor group of anything here. */
const STRANGER: User = { uid: 54_321, gid: 54_321 };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'apikey-trust-'));
  file = join(root, 'apikey.toml');
  writeFileSync(file, '', { mode: 0o644 });
  const { uid, gid } = statSync(file);
  owner = { uid, gid };
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function trouble(path: string, user: User): string | undefined {
  try {
    requireTrusted(path, user);
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG_UNTRUSTED', fix: expect.stringContaining(`--config ${path}`) });
    return error instanceof Error && 'why' in error ? String(error.why) : '';
  }
}

describe('a configuration file that was found', () => {
  it.each([
    [0o600, undefined],
    [0o644, undefined],
    [0o664, undefined],
    [0o606, /anyone may write .*mode 0606/],
    [0o666, /anyone may write .*mode 0666/],
    [0o777, /anyone may write .*mode 0777/],
    [0o602, /anyone may write .*mode 0602/],
  ])('of the user and the primary group, with mode %o', (mode, why) => {
    chmodSync(file, mode);
    if (why === undefined) expect(trouble(file, owner)).toBeUndefined();
    else expect(trouble(file, owner)).toMatch(why);
  });

  it('is refused where another group than the primary one may write it', () => {
    chmodSync(file, 0o664);
    expect(trouble(file, { ...owner, gid: owner.gid + 1 })).toMatch(/group \d+ may write .*apikey\.toml .mode 0664/);
    chmodSync(file, 0o644);
    expect(trouble(file, { ...owner, gid: owner.gid + 1 })).toBeUndefined();
  });

  it('is trusted where root owns it, and refused where another user does', () => {
    const found = trouble(file, STRANGER);
    if (owner.uid === 0) expect(found).toBeUndefined();
    else expect(found).toContain(`belongs to user ${owner.uid}`);
  });

  it.each([
    [0o755, undefined],
    [0o1777, undefined],
    [0o777, /anyone may write its directory/],
    [0o757, /anyone may write its directory/],
  ])('in a directory of mode %o', (mode, why) => {
    chmodSync(root, mode);
    if (why === undefined) expect(trouble(file, owner)).toBeUndefined();
    else expect(trouble(file, owner)).toMatch(why);
  });

  it('is refused where another group may put another file in its place', () => {
    chmodSync(root, 0o775);
    expect(trouble(file, { ...owner, gid: owner.gid + 1 })).toMatch(/group \d+ may write its directory/);
    expect(trouble(file, owner)).toBeUndefined();
  });
});

describe('a symbolic link', () => {
  it('is followed, through others, to the file that counts', () => {
    const target = join(root, 'target.toml');
    writeFileSync(target, '');
    rmSync(file);
    symlinkSync('middle', file);
    symlinkSync('target.toml', join(root, 'middle'));
    expect(trouble(file, owner)).toBeUndefined();
    chmodSync(target, 0o666);
    expect(trouble(file, owner)).toContain(`anyone may write ${target}`);
  });

  it('is refused where others may change the directory that it leads to', () => {
    mkdirSync(join(root, 'open'));
    chmodSync(join(root, 'open'), 0o777);
    writeFileSync(join(root, 'open', 'x.toml'), '');
    rmSync(file);
    symlinkSync(join('open', 'x.toml'), file);
    expect(trouble(file, owner)).toContain('anyone may write its directory');
  });
});

describe.runIf(process.geteuid?.() === 0)('as root', () => {
  it('refuses what an ordinary user owns, be it the file, the link or the directory', async () => {
    const { chownSync, lchownSync } = await import('node:fs');
    chownSync(file, 4321, 4321);
    expect(trouble(file, owner)).toBe(`${file} belongs to user 4321`);
    expect(trouble(file, { uid: 4321, gid: 4321 })).toBeUndefined();
    chownSync(file, 0, 0);
    const link = join(root, 'link.toml');
    symlinkSync('apikey.toml', link);
    lchownSync(link, 4321, 4321);
    expect(trouble(link, owner)).toBe(`${link} belongs to user 4321`);
    chownSync(root, 4321, 4321);
    expect(trouble(file, owner)).toBe(`its directory ${root} belongs to user 4321`);
  });
});
