import { describe, expect, it } from 'vitest';
import { lastUsedValue, lastUsedWords, rotationVerdict } from './use-words.ts';

const now = 1_800_000_000;
const used = (ago: number): { lastUsedAt: number } => ({ lastUsedAt: now - ago });
const NEVER = { lastUsedAt: undefined };

describe('the evidence of a rotation in one sentence', () => {
  it.each([
    [used(240), NEVER, 'last used 4 minutes ago, its successor never'],
    [used(3 * 86_400), used(120), 'last used 3 days ago, its successor 2 minutes ago'],
    [NEVER, used(120), 'never used, its successor 2 minutes ago'],
    [NEVER, NEVER, 'no use recorded, nor of its successor'],
  ])('%j and %j: %s', (old, successor, words) => {
    expect(rotationVerdict(old, successor, now)).toBe(words);
  });
});

describe('a last use', () => {
  it('stands with its time, alone and beside that of a successor', () => {
    const noted = '; noted at most every 15 minutes';
    expect(lastUsedValue(used(240), now)).toBe(`2027-01-15T07:56:00Z (4 minutes ago)${noted}`);
    expect(lastUsedValue(used(240), now, NEVER)).toBe(
      `2027-01-15T07:56:00Z (4 minutes ago), its successor never${noted}`,
    );
    expect(lastUsedValue(NEVER, now)).toBe('no use recorded');
    expect(lastUsedValue(NEVER, now, used(0))).toBe(`never used, its successor now${noted}`);
  });

  it('never lies in the future, whatever the clock of the authorizer said', () => {
    expect(lastUsedWords(used(-30), now)).toBe('last used now');
  });
});
