import { describe, expect, it } from 'vitest';
import { nameQuietDuration } from './quiet-duration.ts';

const JTI = '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11';

describe('the flag --quiet of rotate --finish', () => {
  it.each([
    [['--finish', JTI, '--quiet', '24h'], '--quiet-for 24h'],
    [['--finish', '--quiet', '1d12h', JTI], `--quiet-for 1d12h ${JTI}`],
    [['--finish', JTI, '--quiet=P1D'], '--quiet-for=P1D'],
    [['--finish', JTI, '--quiet', '24'], '--quiet-for 24'],
    [['--finish', JTI, '--quiet', ''], '--quiet-for '],
  ])('%j takes a duration, a wrong one included', (words, ending) => {
    expect(nameQuietDuration(['rotate', ...words]).join(' ')).toMatch(new RegExp(`${ending}$`));
  });

  it.each([
    [['rotate', '--finish', '--quiet', JTI]],
    [['rotate', '--finish', '--quiet', '3f0e8a', '--client', 'partner']],
    [['rotate', '--finish', JTI, '--quiet']],
    [['rotate', '--finish', JTI, '--quiet', '--yes']],
    [['rotate', '--finish', JTI, '-q']],
    [['rotate', '--quiet', '24h']],
    [['issue', '--quiet', '24h']],
  ])('%j means no words, as everywhere', (words) => {
    expect(nameQuietDuration(words)).toEqual(words);
  });
});
