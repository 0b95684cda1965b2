import { describe, expect, it } from 'vitest';
import { guardDashedKids } from './dashed-kids.ts';

const KID = `-${'k'.repeat(42)}`;

describe('a kid that starts with a hyphen', () => {
  it('is an argument, wherever it stands', () => {
    expect(guardDashedKids(['keys', 'retire', KID, '--dry-run'])).toEqual(['keys', 'retire', '--dry-run', '--', KID]);
    const argv = ['--env', 'prod', 'keys', 'revoke', KID, '--confirm', KID];
    expect(guardDashedKids(argv).join(' ')).toBe(`--env prod keys revoke --confirm ${KID} -- ${KID}`);
  });

  it('may be shortened', () => {
    expect(guardDashedKids(['keys', 'retire', '-Xk3v9', '--now'])).toEqual(['keys', 'retire', '--now', '--', '-Xk3v9']);
  });

  it('is left alone in other commands, and behind a -- of the user', () => {
    for (const argv of [
      ['list', KID],
      ['keys', 'retire', '--', KID],
      ['keys', 'retire', 'Xk3v9a', '--now'],
    ]) {
      expect(guardDashedKids(argv)).toEqual(argv);
    }
  });
});
