import {
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
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tokenRecord } from '../../test/records.ts';
import { fileSink } from './file.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'apikey-sink-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const path = (name: string): string => join(directory, name);
const mode = (name: string): number => statSync(path(name)).mode & 0o777;

describe('a token file', () => {
  it('is new, complete, and readable by its owner alone, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      const sink = fileSink(path('t'), { replace: false });
      await sink.check();
      await sink.deliver('the token', tokenRecord());
    } finally {
      process.umask(before);
    }
    expect(readFileSync(path('t'), 'utf8')).toBe('the token\n');
    expect(mode('t')).toBe(0o600);
  });

  it('is refused where something exists, a dangling link included, and leaves it as it is', async () => {
    writeFileSync(path('t'), 'old', { mode: 0o644 });
    symlinkSync('nowhere', path('link'));
    for (const name of ['t', 'link']) {
      const sink = fileSink(path(name), { replace: false });
      await expect(sink.check()).rejects.toMatchObject({ code: 'FILE_EXISTS', kind: 'conflict' });
      await expect(sink.deliver('the token', tokenRecord())).rejects.toMatchObject({ code: 'DELIVERY_FAILED' });
    }
    expect(readFileSync(path('t'), 'utf8')).toBe('old');
    expect(existsSync(path('nowhere'))).toBe(false);
  });

  it('replaces with --force at once, a link and not what it points to', async () => {
    writeFileSync(path('target'), 'precious', { mode: 0o644 });
    symlinkSync('target', path('link'));
    for (const name of ['target2', 'link']) {
      const sink = fileSink(path(name), { replace: true });
      await sink.check();
      await sink.deliver('the token', tokenRecord());
      expect(readFileSync(path(name), 'utf8')).toBe('the token\n');
      expect(mode(name)).toBe(0o600);
    }
    expect(readFileSync(path('target'), 'utf8')).toBe('precious');
    expect(readdirSync(directory).toSorted()).toEqual(['link', 'target', 'target2']);
  });

  it('is refused where a link leads to a directory or a device, with --force, too', async () => {
    symlinkSync(directory, path('directory'));
    symlinkSync('/dev/null', path('null'));
    for (const name of [path('directory'), path('null'), '/dev/null', directory]) {
      for (const replace of [true, false]) {
        await expect(fileSink(name, { replace }).check()).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      }
    }
  });

  it('leaves nothing behind when it cannot be written', async () => {
    mkdirSync(path('gone'));
    const sink = fileSink(path('gone/t'), { replace: true });
    await sink.check();
    rmSync(path('gone'), { recursive: true });
    await expect(sink.deliver('the token', tokenRecord())).rejects.toMatchObject({
      code: 'DELIVERY_FAILED',
      why: expect.stringContaining('no such file or directory'),
    });
  });
});
