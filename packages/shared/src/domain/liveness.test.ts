import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOfLife, isOver, judge, judgeRecord, type LivenessInput } from './liveness.ts';
import type { DenialReason } from './reasons.ts';
import type { Client, TokenRecord } from './records.ts';

const seed = 20_261_122;
const NOW = 1_800_000_000;
const JTI = '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11';
const HASH = 'a'.repeat(64);
const KID = 'k'.repeat(43);

const record: TokenRecord = {
  jti: JTI,
  client: 'partner',
  state: 'active',
  epoch: 1,
  kid: KID,
  iat: NOW - 100,
  exp: NOW + 100,
  liveUntil: NOW + 100,
  scopes: [],
  aud: ['https://api.localhost'],
  payloadSha256: HASH,
  iss: 'https://apikey.localhost',
  issuedBy: 'admin@host',
};
const client: Client = {
  id: 'partner',
  state: 'active',
  epoch: 1,
  createdAt: NOW - 1000,
  version: 3,
  eventSeq: 4,
  eventHash: HASH,
};
const good: LivenessInput = {
  claims: { sub: 'partner', client_id: 'partner', exp: NOW + 100 },
  payloadSha256: HASH,
  record,
  client,
  key: { kid: KID, state: 'active' },
  now: NOW,
};

const withRecord = (input: LivenessInput, part: Partial<TokenRecord>): LivenessInput => ({
  ...input,
  record: input.record && { ...input.record, ...part },
});
const withClient = (input: LivenessInput, part: Partial<Client>): LivenessInput => ({
  ...input,
  client: input.client && { ...input.client, ...part },
});
const withKey = (input: LivenessInput, part: Partial<NonNullable<LivenessInput['key']>>): LivenessInput => ({
  ...input,
  key: input.key && { ...input.key, ...part },
});

interface Defect {
  readonly what: string;
  readonly reason: DenialReason;
  readonly apply: (input: LivenessInput) => LivenessInput;
}

/** Every way to be denied, in the order in which the reasons take precedence. */
const DEFECTS: readonly Defect[] = [
  { what: 'no record', reason: 'unknown_token', apply: (i) => ({ ...i, record: undefined }) },
  { what: 'revoked', reason: 'revoked', apply: (i) => withRecord(i, { state: 'revoked' }) },
  {
    what: 'pending',
    reason: 'not_activated',
    apply: (i) => (i.record?.state === 'revoked' ? i : withRecord(i, { state: 'pending' })),
  },
  { what: 'another payload', reason: 'claims_mismatch', apply: (i) => ({ ...i, payloadSha256: 'b'.repeat(64) }) },
  { what: 'signed by another key', reason: 'claims_mismatch', apply: (i) => withKey(i, { kid: 'o'.repeat(43) }) },
  { what: 'record of another client', reason: 'claims_mismatch', apply: (i) => withRecord(i, { client: 'other' }) },
  { what: 'another sub', reason: 'claims_mismatch', apply: (i) => ({ ...i, claims: { ...i.claims, sub: 'other' } }) },
  {
    what: 'another client_id',
    reason: 'claims_mismatch',
    apply: (i) => ({ ...i, claims: { ...i.claims, client_id: 'someone' } }),
  },
  { what: 'another client read', reason: 'claims_mismatch', apply: (i) => withClient(i, { id: 'another' }) },
  { what: 'no client', reason: 'client_unknown', apply: (i) => ({ ...i, client: undefined }) },
  { what: 'client suspended', reason: 'client_suspended', apply: (i) => withClient(i, { state: 'suspended' }) },
  { what: 'client revoked since', reason: 'client_revoked', apply: (i) => withClient(i, { epoch: 2 }) },
  { what: 'no key', reason: 'key_unknown', apply: (i) => ({ ...i, key: undefined }) },
  { what: 'key revoked', reason: 'key_revoked', apply: (i) => withKey(i, { state: 'revoked' }) },
  {
    what: 'key retired',
    reason: 'key_retired',
    apply: (i) => (i.key?.state === 'revoked' ? i : withKey(i, { state: 'retired' })),
  },
  { what: 'expired', reason: 'expired', apply: (i) => ({ ...i, claims: { ...i.claims, exp: NOW } }) },
  { what: 'grace over', reason: 'retired', apply: (i) => withRecord(i, { liveUntil: NOW - 50 }) },
  { what: 'not valid yet', reason: 'not_yet_valid', apply: (i) => ({ ...i, claims: { ...i.claims, nbf: NOW + 1 } }) },
];
/** Removing the client or the key also removes what made them differ; these two defects hide others. */
const HIDES: Readonly<Record<string, readonly string[]>> = {
  'no client': ['another client read'],
  'no key': ['signed by another key'],
};

describe('liveness', () => {
  it('accepts a token whose record, client, key and times are all in order', () => {
    expect(judge(good)).toBeUndefined();
  });

  it.each(DEFECTS.map((defect) => [defect.what, defect.reason, defect] as const))('%s: %s', (_what, reason, defect) => {
    expect(judge(defect.apply(good))).toBe(reason);
  });

  it('gives the first reason in the stated order, whatever else is wrong', () => {
    fc.assert(
      fc.property(fc.subarray([...DEFECTS]), (chosen) => {
        const hidden = chosen.flatMap(({ what }) => HIDES[what] ?? []);
        const seen = chosen.filter(({ what }) => !hidden.includes(what));
        // A record of another client and a sub of the same name agree with each other again.
        const input = seen.reduce((state, { apply }) => apply(state), good);
        const identityAgrees = input.record?.client === input.claims.sub && input.claims.sub === input.claims.client_id;
        const expected = seen.find(
          ({ what }) => !(identityAgrees && (what === 'record of another client' || what === 'another sub')),
        );
        expect(judge(input)).toBe(expected?.reason);
      }),
      { seed, numRuns: 5000 },
    );
  });

  it.each(['active', 'retiring', 'pending'] as const)('accepts a key that is %s', (state) => {
    expect(judge(withKey(good, { state }))).toBeUndefined();
  });

  it('ends at exp and at liveUntil to the second, the earlier of the two', () => {
    const at = (now: number, part: Partial<TokenRecord> = {}): DenialReason | undefined =>
      judge(withRecord({ ...good, now }, part));
    expect(at(NOW + 99.999)).toBeUndefined();
    expect(at(NOW + 100)).toBe('expired');
    expect(at(NOW + 9.999, { liveUntil: NOW + 10 })).toBeUndefined();
    expect(at(NOW + 10, { liveUntil: NOW + 10 })).toBe('retired');
    expect(at(NOW + 100, { liveUntil: NOW + 10 })).toBe('expired');
  });

  it('becomes valid at nbf to the second', () => {
    const input = { ...good, claims: { ...good.claims, nbf: NOW + 5 } };
    expect(judge({ ...input, now: NOW + 4.999 })).toBe('not_yet_valid');
    expect(judge({ ...input, now: NOW + 5 })).toBeUndefined();
  });

  it('forgives a clock for exp and nbf, but never lengthens a grace period', () => {
    expect(judge({ ...good, now: NOW + 102, clockTolerance: 5 })).toBeUndefined();
    expect(judge({ ...good, now: NOW + 105, clockTolerance: 5 })).toBe('expired');
    const early = { ...good, claims: { ...good.claims, nbf: NOW + 5 }, clockTolerance: 5 };
    expect(judge(early)).toBeUndefined();
    expect(judge(withRecord({ ...good, clockTolerance: 5 }, { liveUntil: NOW }))).toBe('retired');
  });

  it('accepts nothing when a time is not a number', () => {
    expect(judge({ ...good, now: Number.NaN })).toBe('expired');
    expect(judge({ ...good, claims: { ...good.claims, exp: Number.NaN } })).toBe('expired');
    expect(judge({ ...good, claims: { ...good.claims, nbf: Number.NaN } })).toBe('not_yet_valid');
    expect(judge(withRecord(good, { liveUntil: Number.NaN }))).toBe('retired');
  });
});

describe('a record in a listing', () => {
  const key = { kid: KID, alg: 'ES256', ref: 'file:x', state: 'active', createdAt: NOW } as const;

  it('is judged as its own token would be', () => {
    expect(judgeRecord(record, client, key, NOW)).toBeUndefined();
    expect(judgeRecord({ ...record, nbf: NOW + 1 }, client, key, NOW)).toBe('not_yet_valid');
    expect(judgeRecord(record, client, undefined, NOW)).toBe('key_unknown');
  });

  it('is over once nothing can make it live again', () => {
    expect(endOfLife({ exp: 5, liveUntil: 3 })).toBe(3);
    for (const reason of ['revoked', 'client_revoked', 'key_revoked', 'key_retired'] as const) {
      expect(isOver(record, reason, NOW)).toBe(true);
    }
    for (const reason of [undefined, 'client_suspended', 'not_activated', 'not_yet_valid', 'key_unknown'] as const) {
      expect(isOver(record, reason, NOW)).toBe(false);
      expect(isOver(record, reason, NOW + 100)).toBe(true);
    }
  });
});
