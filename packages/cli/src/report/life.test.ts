import { describe, expect, it } from 'vitest';
import { aRecord, aView, DAY, NOW } from './facts.fixture.ts';
import { lifeOf, mergedLives, type LifeContext } from './life.ts';

const CONTEXT: LifeContext = { history: undefined, key: undefined, successor: undefined, now: NOW };
const IAT = NOW - 30 * DAY;
const EXP = NOW + 60 * DAY;

describe('the life of a token', () => {
  it('is one stretch from its issue to its end', () => {
    expect(lifeOf(aView(aRecord(1)), CONTEXT)).toEqual({
      phases: [{ kind: 'live', from: IAT, until: EXP }],
      end: { kind: 'to come', at: EXP },
      rotatedAt: undefined,
    });
  });

  it('ends where it was revoked, unless time had ended it before', () => {
    const revoked = aRecord(1, { state: 'revoked', revokedAt: NOW - 5 * DAY });
    expect(lifeOf(aView(revoked), CONTEXT).end).toEqual({ kind: 'revoked', at: NOW - 5 * DAY });
    const late = aRecord(1, { state: 'revoked', exp: NOW - 9 * DAY, liveUntil: NOW - 9 * DAY, revokedAt: NOW - DAY });
    expect(lifeOf(aView(late), CONTEXT).end).toEqual({ kind: 'ended', at: NOW - 9 * DAY });
  });

  it('turns into grace when its replacement is prepared and activated, and not while that is pending', () => {
    const old = aRecord(1, { replacedBy: 'next', liveUntil: NOW + 2 * DAY });
    const successor = aRecord(2, { iat: NOW - 5 * DAY });
    const life = lifeOf(aView(old), { ...CONTEXT, successor });
    expect(life.phases).toEqual([
      { kind: 'live', from: IAT, until: NOW - 5 * DAY },
      { kind: 'grace', from: NOW - 5 * DAY, until: NOW + 2 * DAY },
    ]);
    expect(life.rotatedAt).toBe(NOW - 5 * DAY);
    const claimed = aRecord(1, { replacedBy: 'next' });
    const pending = { ...successor, state: 'pending' as const };
    expect(lifeOf(aView(claimed), { ...CONTEXT, successor: pending }).phases).toHaveLength(1);
  });

  it('ends with the epoch of its client, or with its key', () => {
    const view = aView(aRecord(1), { live: false, over: true, reason: 'client_revoked' });
    const history = { epochEnds: new Map([[1, NOW - 3 * DAY]]), suspendedAt: undefined };
    expect(lifeOf(view, { ...CONTEXT, history }).end).toEqual({ kind: 'revoked', at: NOW - 3 * DAY });
    const key = { kid: 'k', alg: 'ES256', ref: 'r', state: 'revoked', createdAt: 1, revokedAt: NOW - 2 * DAY } as const;
    const ofKey = aView(aRecord(1), { live: false, over: true, reason: 'key_revoked' });
    expect(lifeOf(ofKey, { ...CONTEXT, key }).end).toEqual({ kind: 'revoked', at: NOW - 2 * DAY });
  });

  it('is interrupted while its client is suspended', () => {
    const view = aView(aRecord(1), { live: false, reason: 'client_suspended' });
    const history = { epochEnds: new Map(), suspendedAt: NOW - DAY };
    expect(lifeOf(view, { ...CONTEXT, history }).phases).toEqual([
      { kind: 'live', from: IAT, until: NOW - DAY },
      { kind: 'stopped', from: NOW - DAY, until: EXP },
    ]);
  });

  it('has not begun while it is pending', () => {
    const view = aView(aRecord(1, { state: 'pending' }));
    expect(lifeOf(view, CONTEXT).phases).toEqual([{ kind: 'pending', from: IAT, until: EXP }]);
  });
});

it('merges what overlaps into one strip, and leaves gaps', () => {
  const lives = [
    [40, 30],
    [35, 20],
    [10, 5],
  ].map(([from = 0, until = 0]) =>
    lifeOf(aView(aRecord(1, { iat: NOW - from * DAY, exp: NOW - until * DAY })), CONTEXT),
  );
  expect(mergedLives(lives)).toEqual([
    { kind: 'live', from: NOW - 40 * DAY, until: NOW - 20 * DAY },
    { kind: 'live', from: NOW - 10 * DAY, until: NOW - 5 * DAY },
  ]);
});
