import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryDirectory, type TemporaryDirectory } from '../testing/temporary-directory.ts';
import { removeFile, renameFile, writeNewFile } from './durable-files.ts';

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

it('a file that exists is never overwritten, and nothing else is left behind', () => {
  const path = join(directory.path, 'file');
  writeFileSync(path, 'first');
  expect(() => writeNewFile(path, 'second')).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  expect(readFileSync(path, 'utf8')).toBe('first');
  expect(readdirSync(directory.path)).toEqual(['file']);
});

it('a new file comes with the directories above it', () => {
  const path = join(directory.path, 'a', 'b', 'file');
  writeNewFile(path, 'text');
  expect(readFileSync(path, 'utf8')).toBe('text');
  expect(readdirSync(join(directory.path, 'a', 'b'))).toEqual(['file']);
});

it('removing tells whether there was anything to remove', () => {
  const path = join(directory.path, 'file');
  writeNewFile(path, 'text');
  renameFile(path, `${path}.away`);
  expect(removeFile(path)).toBe(false);
  expect(removeFile(`${path}.away`)).toBe(true);
  expect(readdirSync(directory.path)).toEqual([]);
});

it.skipIf(process.platform !== 'linux')(
  'a place where the kernel lets nobody make a directory is an error (needs /proc)',
  () => {
    expect(() => writeNewFile('/proc/1/nowhere/file', 'text')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  },
);
