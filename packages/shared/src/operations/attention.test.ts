import { describe, expect, it } from 'vitest';
import { testRecord, TEST_SECONDS } from '../testing/fixtures.ts';
import {
  clientAttention,
  EXPIRING_SECONDS,
  keyAttention,
  PENDING_SECONDS,
  tokenAttention,
  UNUSED_SECONDS,
  type TokenFacts,
} from './attention.ts';

const now = TEST_SECONDS;
const DAY = 86_400;

/** A live token that was issued a day ago, is used, and lives for another 80 days. */
function facts(part: Partial<TokenFacts> = {}, record: Parameters<typeof testRecord>[0] = {}): TokenFacts {
  const whole = testRecord({ iat: now - DAY, exp: now + 80 * DAY, ...record });
  return { record: whole, live: true, over: false, lastUsedAt: now - 60, successorLive: false, ...part };
}
const ending = (at: number): { exp: number; liveUntil: number } => ({ exp: at, liveUntil: at });

describe('a token', () => {
  it('that is new, live and used needs nothing', () => {
    expect(tokenAttention(facts(), true, now)).toEqual([]);
  });

  it('is expiring in its last two weeks, to the second', () => {
    expect(tokenAttention(facts({}, ending(now + EXPIRING_SECONDS)), true, now)).toEqual(['expiring']);
    expect(tokenAttention(facts({}, ending(now + EXPIRING_SECONDS + 1)), true, now)).toEqual([]);
    expect(tokenAttention(facts({}, { liveUntil: now + 60 }), true, now)).toEqual(['expiring']);
  });

  it('that ends soon needs nothing once its successor is live, nor when it is not live itself', () => {
    const soon = ending(now + 60);
    expect(tokenAttention(facts({ successorLive: true }, soon), true, now)).toEqual([]);
    expect(tokenAttention(facts({ live: false }, soon), true, now)).toEqual([]);
    expect(tokenAttention(facts({ live: false, over: true }, { state: 'revoked' }), true, now)).toEqual([]);
  });

  it('is unused after 45 days without a use, whether or not others were used', () => {
    const lastUsedAt = now - UNUSED_SECONDS;
    expect(tokenAttention(facts({ lastUsedAt }), false, now)).toEqual([]);
    expect(tokenAttention(facts({ lastUsedAt: lastUsedAt - 1 }), false, now)).toEqual(['unused']);
    expect(tokenAttention(facts({ lastUsedAt: lastUsedAt - 1, successorLive: true }), false, now)).toEqual([]);
  });

  it('that was never used is unused 45 days after it could be, and only where usage is recorded', () => {
    const iat = now - UNUSED_SECONDS - 1;
    const never = facts({ lastUsedAt: undefined }, { iat });
    expect(tokenAttention(never, true, now)).toEqual(['unused']);
    expect(tokenAttention(never, false, now)).toEqual([]);
    expect(tokenAttention(facts({ lastUsedAt: undefined }, { iat: iat + 1 }), true, now)).toEqual([]);
    expect(tokenAttention(facts({ lastUsedAt: undefined }, { iat, nbf: now - DAY }), true, now)).toEqual([]);
  });

  it('is forgotten when it has been pending for more than a day, until it is over', () => {
    const pending = (age: number, over = false): string[] =>
      tokenAttention(facts({ live: false, over }, { state: 'pending', iat: now - age }), true, now);
    expect(pending(PENDING_SECONDS)).toEqual([]);
    expect(pending(PENDING_SECONDS + 1)).toEqual(['pending']);
    expect(pending(PENDING_SECONDS + 1, true)).toEqual([]);
  });
});

describe('a client', () => {
  it('without a contact needs one as long as it has tokens that are not over', () => {
    expect(clientAttention({}, 1)).toEqual(['no_contact']);
    expect(clientAttention({ contact: '' }, 1)).toEqual(['no_contact']);
    expect(clientAttention({ contact: 'ops@partner.example' }, 1)).toEqual([]);
    expect(clientAttention({}, 0)).toEqual([]);
  });
});

describe('a key', () => {
  it('is past its date when it was forgotten as pending, or could be retired', () => {
    const pending = (age: number): string[] =>
      keyAttention({ key: { state: 'pending', createdAt: now - age }, retireFrom: undefined }, now);
    expect(pending(PENDING_SECONDS)).toEqual([]);
    expect(pending(PENDING_SECONDS + 1)).toEqual(['past_date']);
    const retiring = (retireFrom: number): string[] =>
      keyAttention({ key: { state: 'retiring', createdAt: now - 900 * DAY }, retireFrom }, now);
    expect(retiring(now + 1)).toEqual([]);
    expect(retiring(now)).toEqual(['past_date']);
    for (const state of ['active', 'retired', 'revoked'] as const) {
      expect(keyAttention({ key: { state, createdAt: 0 }, retireFrom: undefined }, now)).toEqual([]);
    }
  });
});
