import { describe, expect, it } from 'vitest';
import { DEFAULT_KEYS_STALENESS, longestAge, revocationBound } from './staleness.ts';

describe('the published bound', () => {
  it.each([
    [
      { ttl: 0, tokens: 0, keys: 0, stale: 0 },
      { tokens: 0, keys: 0 },
    ],
    [
      { ttl: 0, tokens: 0, keys: DEFAULT_KEYS_STALENESS, stale: 0 },
      { tokens: 0, keys: 60 },
    ],
    [
      { ttl: 0, tokens: 5, keys: 60, stale: 60 },
      { tokens: 65, keys: 120 },
    ],
    [
      { ttl: 300, tokens: 0, keys: 60, stale: 0 },
      { tokens: 302, keys: 362 },
    ],
    [
      { ttl: 0.5, tokens: 1, keys: 2, stale: 3 },
      { tokens: 6.5, keys: 7.5 },
    ],
  ])('of %j is %j', ({ ttl, tokens, keys, stale }, bound) => {
    const settings = { gatewayResultTtl: ttl, maxStaleness: { tokens, keys }, staleIfError: stale };
    expect(revocationBound(settings)).toEqual(bound);
    expect(longestAge({ maxAge: tokens, staleIfError: stale })).toBeLessThanOrEqual(bound.tokens);
  });
});
