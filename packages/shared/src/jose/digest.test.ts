import { expect, test } from 'vitest';
import { sha256Base64url, sha256Hex, sha256Key } from './digest.ts';

test('strings are hashed as UTF-8, and all spellings are of the same digest', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(sha256Hex('é')).toBe(sha256Hex(Buffer.from('é')));
  expect(Buffer.from(sha256Base64url('abc'), 'base64url').toString('hex')).toBe(sha256Hex('abc'));
  expect(sha256Base64url('abc')).toHaveLength(43);
  expect(Buffer.from(sha256Key('abc'), 'latin1').toString('hex')).toBe(sha256Hex('abc'));
});
