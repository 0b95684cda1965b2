/** What admins do to the key ring: add, activate, retire and revoke keys, and publish their public halves. */
import type { ChangeContext, RingChange } from '../domain/change.ts';
import { RefusedError } from '../domain/errors.ts';
import { endOfLife } from '../domain/liveness.ts';
import { MAIN_RING, type KeyRing, type RingKey, type RingName, type TokenRecord } from '../domain/records.ts';
import { formatSeconds } from '../domain/time.ts';
import * as transitions from '../domain/transitions/keys.ts';
import { isAlg, type SigningAlg } from '../jose/algorithms.ts';
import { toJwks, type Jwks } from '../jose/jwks.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { NotFoundError } from '../ports/errors.ts';
import type { PublicKeySource } from '../ports/key-provider.ts';
import type { Registry } from '../ports/registry.ts';
import { requireClock } from './clock-rule.ts';
import { commitLoop, COMMIT_BUDGET, REVOKE_BUDGET } from './commit-loop.ts';
import { changeContext, takingContext } from './context.ts';
import { requireRingAlg } from './key-ring.ts';
import { tokensOfKey } from './key-tokens.ts';
import type { OperationDeps } from './types.ts';

export interface KeyOutcome {
  readonly ring: KeyRing;
  readonly key: RingKey;
  /** False where nothing had to be changed. */
  readonly changed: boolean;
}

/** Makes a key and adds it to the ring as pending: visible to verifiers, not signing yet. */
export async function createKey(deps: OperationDeps, alg: SigningAlg, name: RingName = MAIN_RING): Promise<KeyOutcome> {
  const present = await requireRing(deps, name);
  requireRingAlg(alg, name);
  await requireClock(deps, { kind: 'ring', id: name }, present);
  const { ref, publicKey } = await deps.keys.create(alg);
  const kid = thumbprint(publicKey);
  return changeRing(deps, COMMIT_BUDGET, name, kid, async (ring) =>
    transitions.addKey(ring, { kid, alg, ref }, changeContext(deps)),
  );
}

/** Lets a pending key sign from now on; `now` waives the ten minutes that verifiers are given to learn it. */
export function activateKey(
  deps: OperationDeps,
  kid: string,
  options: { readonly now: boolean },
  name: RingName = MAIN_RING,
): Promise<KeyOutcome> {
  return changeRing(deps, COMMIT_BUDGET, name, kid, async (ring) =>
    transitions.activateKey(ring, kid, options.now, changeContext(deps)),
  );
}

/** Ends a retiring key on which no token depends any more; its public half is kept by the provider. */
export function retireKey(deps: OperationDeps, kid: string, name: RingName = MAIN_RING): Promise<KeyOutcome> {
  return changeRing(deps, COMMIT_BUDGET, name, kid, (ring) => decideRetire(deps, ring, kid));
}

/** The change that retires a key. Throws `WRONG_STATE` where tokens depend on it, saying how many, whose, until when. */
export async function decideRetire(deps: OperationDeps, ring: KeyRing, kid: string): Promise<RingChange> {
  const context = await ringContext(deps, ring);
  const change = transitions.retireKey(ring, kid, context);
  const clock = { now: () => context.at };
  // What other rings signed is no token: seals stay good when their key is retired.
  const dependents = ring.name === MAIN_RING ? await tokensOfKey({ ...deps, clock }, kid) : [];
  if (dependents.length > 0) throw stillNeeded(kid, dependents);
  return change;
}

/** Ends a key and every token that it signed, from any state: for a key that somebody else may have used. */
export function revokeKey(
  deps: OperationDeps,
  kid: string,
  reason?: string,
  name: RingName = MAIN_RING,
): Promise<KeyOutcome> {
  return changeRing(deps, REVOKE_BUDGET, name, kid, async (ring) =>
    transitions.revokeKey(ring, kid, await ringContext(deps, ring), reason),
  );
}

/** Of what ends a key. */
export function ringContext(deps: OperationDeps, ring: KeyRing): Promise<ChangeContext> {
  return takingContext(deps, { kind: 'ring', id: ring.name }, ring);
}

/** The next safe step of a key rotation. */
export type KeyStep =
  | { readonly step: 'create' }
  | { readonly step: 'activate'; readonly key: RingKey }
  /** Seconds until the pending key may be activated. */
  | { readonly step: 'wait'; readonly key: RingKey; readonly seconds: number };

/** What `keys rotate` does next: without a pending key it makes one, a settled one it activates. */
export function nextKeyStep(ring: KeyRing, nowMillis: number): KeyStep {
  const key = ring.keys.findLast(({ state }) => state === 'pending');
  if (key === undefined) return { step: 'create' };
  const seconds = Math.ceil(key.createdAt + transitions.KEY_SETTLING_SECONDS - nowMillis / 1000);
  return seconds > 0 ? { step: 'wait', key, seconds } : { step: 'activate', key };
}

/** The JWKS of all keys whose signatures may be accepted, pending ones included, so that verifiers know them in time. */
export async function exportJwks(
  deps: {
    readonly registry: Pick<Registry, 'getRing'>;
    readonly keys: PublicKeySource;
  },
  name: RingName = MAIN_RING,
): Promise<Jwks> {
  const ring = await requireRing(deps, name);
  // Nothing that a retired key signed is a live token, but every seal that it signed is still good.
  const usable = ring.keys.filter(({ state }) => state !== 'revoked' && (state !== 'retired' || name !== MAIN_RING));
  const entries = await Promise.all(
    usable.map(async ({ kid, alg, ref }) => {
      if (!isAlg(alg)) throw new TypeError(`key ${kid} names an unknown algorithm`);
      return { kid, alg, publicKey: await deps.keys.publicKey(ref) };
    }),
  );
  return toJwks(entries);
}

function changeRing(
  deps: OperationDeps,
  budget: number,
  name: RingName,
  kid: string,
  transition: (ring: KeyRing) => Promise<RingChange | undefined>,
): Promise<KeyOutcome> {
  return commitLoop(deps, budget, async () => {
    const before = await requireRing(deps, name);
    const change = await transition(before);
    const ring = change?.ring ?? before;
    const key = ring.keys.find((candidate) => candidate.kid === kid);
    if (key === undefined) throw new TypeError(`the ring lost key ${kid}`);
    return { change, result: { ring, key, changed: change !== undefined } };
  });
}

/** A ring that must be there. Throws `RING_NOT_FOUND`. */
export async function requireRing(
  { registry }: { readonly registry: Pick<Registry, 'getRing'> },
  name: RingName = MAIN_RING,
): Promise<KeyRing> {
  const ring = await registry.getRing(name);
  if (ring !== undefined) return ring;
  if (name !== MAIN_RING) {
    throw new NotFoundError('RING_NOT_FOUND', `there is no key ring ${name}`, {
      why: 'the audit log has never been sealed, and nobody made a key for it',
      fix: `run: apikey keys create --ring ${name}`,
    });
  }
  throw new NotFoundError('RING_NOT_FOUND', 'there is no key ring', {
    why: 'the environment has not been set up',
    fix: 'run: apikey init',
  });
}

/** How many tokens an error names. */
const NAMED = 5;

function stillNeeded(kid: string, dependents: readonly TokenRecord[]): RefusedError {
  const last = Math.max(...dependents.map(endOfLife));
  const tokens = dependents.length === 1 ? '1 token' : `${dependents.length} tokens`;
  const clients = [...new Set(dependents.map(({ client }) => client))];
  const named = `${clients.slice(0, NAMED).join(', ')}${clients.length > NAMED ? ', ...' : ''}`;
  return new RefusedError('WRONG_STATE', `key ${kid} is still needed`, {
    why: `${tokens} of ${named} ${dependents.length === 1 ? 'depends' : 'depend'} on it, the last until ${formatSeconds(last)}`,
    fix: 'rotate or revoke those tokens first, or wait until they have expired',
  });
}
