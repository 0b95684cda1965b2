/** What may happen to a key ring: a key is added, activated, retired, revoked. */
import { ringChange, type ChangeContext, type RingChange } from '../change.ts';
import { formatDuration } from '../duration.ts';
import { RefusedError } from '../errors.ts';
import { diff, withReason, type EventDraft } from '../events.ts';
import type { EventAction, KeyRing, RingKey } from '../records.ts';
import { secondsOf } from './tokens.ts';

/** How long a key must be known before it signs, and be out of use before it is retired, in seconds. */
export const KEY_SETTLING_SECONDS = 600;

export type NewKey = Pick<RingKey, 'kid' | 'alg' | 'ref'>;

/** A ring with its first key, which signs at once: no verifier can hold an older copy of the ring. */
export function createRing(name: string, key: NewKey, context: ChangeContext): RingChange {
  const now = secondsOf(context);
  const pending: RingKey = { ...key, state: 'pending', createdAt: now };
  const active: RingKey = { ...pending, state: 'active', activatedAt: now };
  return ringChange(
    undefined,
    { name, keys: [active] },
    [keyEvent('key.created', undefined, pending), keyEvent('key.activated', pending, active)],
    context,
  );
}

/** Adds a pending key: verifiers learn it before it signs. */
export function addKey(ring: KeyRing, key: NewKey, context: ChangeContext): RingChange {
  if (ring.keys.some(({ kid }) => kid === key.kid)) throw refused(key.kid, 'it is in the ring already');
  const added: RingKey = { ...key, state: 'pending', createdAt: secondsOf(context) };
  return ringChange(
    ring,
    { name: ring.name, keys: [...ring.keys, added] },
    [keyEvent('key.created', undefined, added)],
    context,
  );
}

/** Lets a pending key sign from now on; the key that signed so far becomes retiring. */
export function activateKey(ring: KeyRing, kid: string, now: boolean, context: ChangeContext): RingChange {
  const key = requireKey(ring, kid);
  if (key.state !== 'pending') throw refused(kid, `it is ${key.state}, only a pending key can be activated`);
  const seconds = secondsOf(context);
  const wait = key.createdAt + KEY_SETTLING_SECONDS - seconds;
  const first = ring.keys.every(({ activatedAt }) => activatedAt === undefined);
  if (wait > 0 && !first && !now) {
    throw refused(
      kid,
      `it is too new: verifiers may not know it for another ${formatDuration(wait)}`,
      'wait, or give --now',
    );
  }
  return replaceKeys(ring, context, (other) => {
    if (other.kid === kid) {
      return { action: 'key.activated', after: { ...other, state: 'active', activatedAt: seconds } };
    }
    return other.state === 'active'
      ? { action: 'key.retiring', after: { ...other, state: 'retiring', retiringAt: seconds } }
      : undefined;
  });
}

/** Ends a retiring key that no live or pending token names; the caller has looked. */
export function retireKey(ring: KeyRing, kid: string, context: ChangeContext): RingChange {
  const key = requireKey(ring, kid);
  if (key.state !== 'retiring') throw refused(kid, `it is ${key.state}, only a retiring key can be retired`);
  const seconds = secondsOf(context);
  const wait = (key.retiringAt ?? seconds) + KEY_SETTLING_SECONDS - seconds;
  if (wait > 0) throw refused(kid, `it may have signed until a moment ago; wait another ${formatDuration(wait)}`);
  return replaceKeys(ring, context, (other) =>
    other.kid === kid
      ? { action: 'key.retired', after: { ...other, state: 'retired', retiredAt: seconds } }
      : undefined,
  );
}

/** Ends a key and all its tokens, from any state. Nothing where it is revoked already. */
export function revokeKey(ring: KeyRing, kid: string, context: ChangeContext, reason?: string): RingChange | undefined {
  const key = requireKey(ring, kid);
  if (key.state === 'revoked') return undefined;
  return replaceKeys(ring, context, (other) =>
    other.kid === kid
      ? { action: 'key.revoked', after: { ...other, state: 'revoked', revokedAt: secondsOf(context) }, reason }
      : undefined,
  );
}

/** The key that signs, if the ring has one. */
export function activeKey(ring: KeyRing | undefined): RingKey | undefined {
  return ring?.keys.find(({ state }) => state === 'active');
}

function replaceKeys(
  ring: KeyRing,
  context: ChangeContext,
  replace: (
    key: RingKey,
  ) => { readonly action: EventAction; readonly after: RingKey; readonly reason?: string | undefined } | undefined,
): RingChange {
  const drafts: EventDraft[] = [];
  const keys = ring.keys.map((key) => {
    const replaced = replace(key);
    if (replaced === undefined) return key;
    drafts.push(withReason(keyEvent(replaced.action, key, replaced.after), replaced.reason));
    return replaced.after;
  });
  return ringChange(ring, { name: ring.name, keys }, drafts, context);
}

function keyEvent(action: EventAction, before: RingKey | undefined, after: RingKey): EventDraft {
  return { action, subject: after.kid, detail: diff('key', before, after) };
}

function requireKey(ring: KeyRing, kid: string): RingKey {
  const key = ring.keys.find((candidate) => candidate.kid === kid);
  if (key !== undefined) return key;
  throw new RefusedError('KEY_NOT_FOUND', `no key ${kid} in ring ${ring.name}`, {
    why: 'the key ring does not name it',
    fix: 'list the keys of the ring',
  });
}

function refused(kid: string, why: string, fix = 'look at the states of the keys in the ring'): RefusedError {
  return new RefusedError('WRONG_STATE', `key ${kid} cannot be changed like this`, { why, fix });
}
