/** What admins see of the key ring: its keys with what depends on them, and what a change of one would do. */
import type { RingChange } from '../domain/change.ts';
import { RefusedError } from '../domain/errors.ts';
import { isKid, parseKidPrefix } from '../domain/identifiers.ts';
import { endOfLife } from '../domain/liveness.ts';
import { MAIN_RING, type EpochSeconds, type KeyRing, type RingKey, type RingName } from '../domain/records.ts';
import * as transitions from '../domain/transitions/keys.ts';
import { NotFoundError } from '../ports/errors.ts';
import { keyAttention, type Attention } from './attention.ts';
import { requireClockFor } from './clock-rule.ts';
import { changeContext } from './context.ts';
import { dependentTokens, type DependentToken } from './key-tokens.ts';
import { decideRetire, requireRing, ringContext } from './keys.ts';
import { verdictOf } from './token-views.ts';
import type { OperationDeps, TokenVerdict } from './types.ts';

type ReadDeps = Pick<OperationDeps, 'registry' | 'clock'>;

/** A key and what its tokens come to. */
export interface KeyView {
  readonly key: RingKey;
  readonly liveTokens: number;
  /** Not live yet, or not now, but they may become so: pending ones, and those of suspended clients. */
  readonly otherTokens: number;
  /** Of a pending key: when it may be activated, epoch seconds. */
  readonly activateFrom: number | undefined;
  /** Of a retiring key: when it may be retired if nothing is done about its tokens, epoch seconds. */
  readonly retireFrom: number | undefined;
  readonly attention: readonly Attention[];
}

/** The keys of a ring, oldest first. Throws `RING_NOT_FOUND`. */
export async function listKeys(deps: ReadDeps, name: RingName = MAIN_RING): Promise<KeyView[]> {
  const ring = await requireRing(deps, name);
  const now = deps.clock.now() / 1000;
  const counts = new Map(ring.keys.map(({ kid }) => [kid, { liveTokens: 0, otherTokens: 0, lastEnd: 0 }]));
  for await (const { record, client } of tokensBehind(deps, ring)) {
    const count = counts.get(record.kid);
    if (count === undefined) continue;
    const { live, over } = verdictOf(record, client, ring, now);
    if (live) count.liveTokens += 1;
    else if (!over) count.otherTokens += 1;
    count.lastEnd = Math.max(count.lastEnd, endOfLife(record));
  }
  return ring.keys.map((key) => {
    const { liveTokens = 0, otherTokens = 0, lastEnd = 0 } = counts.get(key.kid) ?? {};
    const from = retireFrom(key, lastEnd);
    return {
      key,
      liveTokens,
      otherTokens,
      activateFrom: key.state === 'pending' ? settledAt(key.createdAt) : undefined,
      retireFrom: from,
      attention: keyAttention({ key, retireFrom: from }, now),
    };
  });
}

/** When a retiring key may be retired; `lastEnd` is that of the last token that depends on it. */
export function retireFrom(key: RingKey, lastEnd: EpochSeconds = 0): EpochSeconds | undefined {
  return key.state === 'retiring' ? Math.max(settledAt(key.retiringAt), lastEnd) : undefined;
}

/** Only keys of the main ring sign tokens. */
async function* tokensBehind(deps: ReadDeps, { name }: KeyRing): AsyncGenerator<DependentToken> {
  if (name === MAIN_RING) yield* dependentTokens(deps);
}

function settledAt(seconds = 0): EpochSeconds {
  return seconds + transitions.KEY_SETTLING_SECONDS;
}

/** The key of the ring that a whole `kid` or its first characters name. Throws `KEY_NOT_FOUND` or `AMBIGUOUS`. */
export async function findKey(
  deps: Pick<OperationDeps, 'registry'>,
  text: string,
  name: RingName = MAIN_RING,
): Promise<RingKey> {
  const ring = await requireRing(deps, name);
  const prefix = parseKidPrefix(text);
  const found = ring.keys.filter(({ kid }) => kid.startsWith(prefix));
  const [key] = found;
  if (key !== undefined && found.length === 1) return key;
  if (key !== undefined) {
    throw new RefusedError('AMBIGUOUS', `more than one key of the ring starts with ${prefix}`, {
      why: `it may be ${found.map(({ kid }) => kid).join(', ')}`,
      fix: 'give more characters',
    });
  }
  throw new NotFoundError('KEY_NOT_FOUND', 'no such key', {
    why: isKid(prefix) ? `the key ring has no key ${prefix}` : `no key of the ring starts with ${prefix}`,
    fix: `look at the keys with: apikey keys list${name === MAIN_RING ? '' : ` --ring ${name}`}`,
  });
}

/** What a change of one key would do. */
export interface KeyPlan {
  /** As it is now. */
  readonly ring: KeyRing;
  readonly key: RingKey;
  /** False where nothing would be changed. */
  readonly changes: boolean;
  /** What this key signed and is not over, by ascending end. */
  readonly tokens: readonly TokenVerdict[];
}

/** What `activateKey` would do now; throws as it would. Writes nothing. */
export function planActivateKey(
  deps: OperationDeps,
  kid: string,
  options: { readonly now: boolean },
  name: RingName = MAIN_RING,
): Promise<KeyPlan> {
  return plan(deps, name, kid, async (ring) => transitions.activateKey(ring, kid, options.now, changeContext(deps)));
}

/** What `retireKey` would do now; throws as it would. Writes nothing. */
export function planRetireKey(deps: OperationDeps, kid: string, name: RingName = MAIN_RING): Promise<KeyPlan> {
  return plan(deps, name, kid, (ring) => decideRetire(deps, ring, kid));
}

/** What `revokeKey` would do now. Writes nothing. */
export function planRevokeKey(deps: OperationDeps, kid: string, name: RingName = MAIN_RING): Promise<KeyPlan> {
  return plan(deps, name, kid, async (ring) => transitions.revokeKey(ring, kid, await ringContext(deps, ring)));
}

async function plan(
  deps: OperationDeps,
  name: RingName,
  kid: string,
  decide: (ring: KeyRing) => Promise<RingChange | undefined>,
): Promise<KeyPlan> {
  const ring = await requireRing(deps, name);
  const change = await decide(ring);
  if (change !== undefined) await requireClockFor(deps, change);
  const key = ring.keys.find((candidate) => candidate.kid === kid);
  if (key === undefined) throw new TypeError(`the ring lost key ${kid}`);
  const now = deps.clock.now() / 1000;
  const found = new Map<string, TokenVerdict>();
  for await (const { record, client } of tokensBehind(deps, ring)) {
    if (record.kid === kid) found.set(record.jti, verdictOf(record, client, ring, now));
  }
  const tokens = [...found.values()].filter(({ over }) => !over).toReversed();
  return { ring, key, changes: change !== undefined, tokens };
}
