/** The key rings of an environment: made once, with a first key that signs at once. */
import { InvalidValueError, RefusedError } from '../domain/errors.ts';
import { MAIN_RING, SEAL_RING, type KeyRing, type RingKey, type RingName } from '../domain/records.ts';
import { activeKey, createRing } from '../domain/transitions/keys.ts';
import { ALGORITHMS, isSigningAlg, type SigningAlg } from '../jose/algorithms.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { InvalidStateError, NotFoundError } from '../ports/errors.ts';
import { requireClock } from './clock-rule.ts';
import { commitLoop, COMMIT_BUDGET } from './commit-loop.ts';
import { changeContext } from './context.ts';
import type { OperationDeps } from './types.ts';

/**
 * Makes a ring with one active key of `alg`, unless there is one. Of several callers at once one makes it, and the
 * others' keys are thrown away unused.
 */
export async function ensureKeyRing(
  deps: OperationDeps,
  alg: SigningAlg,
  name: RingName = MAIN_RING,
): Promise<{ readonly ring: KeyRing; readonly created: boolean }> {
  const existing = await deps.registry.getRing(name);
  if (existing !== undefined) return { ring: existing, created: false };
  requireRingAlg(alg, name);
  await requireClock(deps, { kind: 'ring', id: name }, undefined);
  const key = await deps.keys.create(alg);
  const result = await commitLoop(deps, COMMIT_BUDGET, async () => {
    const ring = await deps.registry.getRing(name);
    if (ring !== undefined) return { change: undefined, result: { ring, created: false } };
    const first = { kid: thumbprint(key.publicKey), alg, ref: key.ref };
    const change = createRing(name, first, changeContext(deps));
    return { change, result: { ring: change.ring, created: true } };
  });
  if (!result.created) await discard(deps, key.ref);
  return result;
}

/** Seals are as long as an environment has clients, and KMS hashes no more than 4,096 bytes by itself (DESIGN section 4). */
export function requireRingAlg(alg: SigningAlg, name: RingName): void {
  if (name !== SEAL_RING || ALGORITHMS[alg].kms.messageType === 'DIGEST') return;
  throw new InvalidValueError('INVALID_ALG', `keys of the ring ${name} cannot be of ${alg}`, {
    why: 'a seal may be long, and keys of this algorithm sign no digest of it in KMS',
    fix: 'leave --alg out to get ES256',
  });
}

/** An unused key does no harm: that it could not be removed is for `doctor` to find. */
async function discard(deps: OperationDeps, ref: string): Promise<void> {
  try {
    await deps.keys.scheduleDeletion(ref);
  } catch {
    // Deliberately quiet: the ring that was asked for exists.
  }
}

export interface ActiveKey {
  readonly key: RingKey & { readonly alg: SigningAlg };
  readonly ring: KeyRing;
  /** When the read of the ring was sent, epoch milliseconds. */
  readonly readAt: number;
}

/** The key that signs now, on a fresh read of the ring. Throws `RING_NOT_FOUND` or `NO_ACTIVE_KEY`. */
export async function readActiveKey(
  deps: Pick<OperationDeps, 'registry' | 'environment' | 'clock'>,
  name: RingName = MAIN_RING,
): Promise<ActiveKey> {
  const readAt = deps.clock.now();
  const ring = await deps.registry.getRing(name);
  if (ring === undefined) {
    throw new NotFoundError('RING_NOT_FOUND', `environment ${deps.environment.name} has no key ring`, {
      why: 'it has not been set up',
      fix: `run: apikey init --env ${deps.environment.name}`,
    });
  }
  const key = activeKey(ring);
  if (key === undefined) {
    throw new RefusedError('NO_ACTIVE_KEY', 'no key of the ring may sign', {
      why: 'its active key was revoked, and no other was activated since',
      fix: `let another key sign: apikey keys rotate${name === MAIN_RING ? '' : ` --ring ${name}`} --now`,
    });
  }
  const { alg } = key;
  if (!isSigningAlg(alg)) {
    throw new InvalidStateError('STORE_DAMAGED', 'the active key names an algorithm that nothing here signs with', {
      why: `key ${key.kid} is of ${alg}`,
      fix: 'use the version of apikey that made the key',
    });
  }
  return { ring, key: { ...key, alg }, readAt };
}

/** Refuses a wish for another algorithm than the active key's. */
export function requireAlg(alg: SigningAlg | undefined, { key }: ActiveKey): void {
  if (alg === undefined || alg === key.alg) return;
  throw new RefusedError('WRONG_STATE', `the active key does not sign ${alg}`, {
    why: `key ${key.kid} signs ${key.alg} and nothing else`,
    fix: `leave --alg out, or activate a key of ${alg} first`,
  });
}
