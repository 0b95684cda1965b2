/** Seals the audit log: signs where every chain stands, so that a copy kept elsewhere shows what was cut off since. */
import { RefusedError } from '../domain/errors.ts';
import {
  aggregateName,
  MAIN_RING,
  SEAL_RING,
  type AggregateHead,
  type AggregateRef,
  type RingName,
} from '../domain/records.ts';
import { sealPayload, type SealPayload } from '../domain/seal-payload.ts';
import type { SealedChain } from '../domain/seal.ts';
import { ALGORITHMS, type SigningAlg } from '../jose/algorithms.ts';
import { MAX_SEAL_LENGTH, SEAL_TYPE } from '../jose/compact.ts';
import { encodeHeader, signingInput } from '../jose/token.ts';
import { AccessDeniedError } from '../ports/errors.ts';
import type { Registry } from '../ports/registry.ts';
import type { SealStore } from '../ports/seal-store.ts';
import { signToken } from './compose.ts';
import { ensureKeyRing, readActiveKey } from './key-ring.ts';
import { requireRing } from './keys.ts';
import type { OperationDeps } from './types.ts';

/** Whatever the tokens are signed with: it signs a digest, and a seal may be long. */
export const SEAL_ALG: SigningAlg = 'ES256';

export interface SealDeps extends OperationDeps {
  /** `keys` makes keys that are for seals. */
  readonly seals: SealStore;
}

export interface MadeSeal {
  /** A JWS in compact form. */
  readonly seal: string;
  readonly kid: string;
  readonly payload: SealPayload;
  /** The ring of seal keys was made for it. */
  readonly madeRing: boolean;
}

export interface SealPlan {
  /** The key that would sign; absent where one would be made. */
  readonly kid: string | undefined;
  readonly chains: number;
}

export interface SealOptions {
  /** Is told of every chain, for those who wait. */
  readonly seen?: () => void;
  /** Characters that the seal may have where it is to go. */
  readonly maxLength?: number | undefined;
}

/**
 * Signs the heads of all chains and keeps the seal. Heads are read one after the other while others may write: each is
 * where its chain really stood at some moment before the seal's, which is all that a seal says. Holds one line for each
 * client in memory. Throws `RING_NOT_FOUND`, `NO_ACTIVE_KEY` or `SEAL_TOO_LARGE`.
 */
export async function sealRegistry(deps: SealDeps, { seen, maxLength }: SealOptions = {}): Promise<MadeSeal> {
  await requireRing(deps);
  const { created } = await makeRing(deps);
  const { key } = await readActiveKey(deps, SEAL_RING);
  const chains = await readHeads(deps.registry, seen);
  const payload = sealPayload(deps.environment, deps.clock.now(), chains);
  const input = signingInput(encodeHeader(key.alg, key.kid, SEAL_TYPE), Buffer.from(JSON.stringify(payload)));
  requireRoom(input.length + 1 + signatureLength(key.alg), chains.length, maxLength);
  const { token: seal } = await signToken(deps.keys, key, { input });
  await deps.seals.put(payload.at, seal);
  return { seal, kid: key.kid, payload, madeRing: created };
}

/** What `sealRegistry` would sign now, and with which key. Writes nothing. */
export async function planSeal(deps: OperationDeps, seen?: () => void): Promise<SealPlan> {
  await requireRing(deps);
  const ring = await deps.registry.getRing(SEAL_RING);
  const kid = ring === undefined ? undefined : (await readActiveKey(deps, SEAL_RING)).key.kid;
  // The ring that would be made is sealed with the others.
  const made = ring === undefined ? 1 : 0;
  return { kid, chains: (await readHeads(deps.registry, seen)).length + made };
}

async function makeRing(deps: SealDeps): ReturnType<typeof ensureKeyRing> {
  try {
    return await ensureKeyRing(deps, SEAL_ALG, SEAL_RING);
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error;
    throw new AccessDeniedError('ACCESS_DENIED', 'there is no key for seals yet, and the caller may not make one', {
      ...(error.why === undefined ? {} : { why: error.why }),
      fix: `have an admin make it, once: apikey keys create --ring ${SEAL_RING}`,
      cause: error,
    });
  }
}

async function readHeads(registry: Registry, seen: (() => void) | undefined): Promise<SealedChain[]> {
  const chains: SealedChain[] = [];
  const add = (ref: AggregateRef, { eventSeq: seq, eventHash: hash }: AggregateHead): void => {
    chains.push({ aggregate: aggregateName(ref), seq, hash });
    seen?.();
  };
  const rings: readonly RingName[] = [MAIN_RING, SEAL_RING];
  for (const id of rings) {
    const ring = await registry.getRing(id);
    if (ring !== undefined) add({ kind: 'ring', id }, ring);
  }
  for await (const client of registry.clients()) add({ kind: 'client', id: client.id }, client);
  return chains;
}

/** In base64url. The modulus of a stored RSA key is not known here: 512 bytes is the longest. */
function signatureLength(alg: SigningAlg): number {
  const { signatureBytes } = ALGORITHMS[alg];
  return Math.ceil(((signatureBytes === 'modulus' ? 512 : signatureBytes) * 4) / 3);
}

function requireRoom(length: number, chains: number, maxLength = MAX_SEAL_LENGTH): void {
  if (length <= Math.min(maxLength, MAX_SEAL_LENGTH)) return;
  if (length <= MAX_SEAL_LENGTH) {
    throw new RefusedError('SEAL_TOO_LARGE', 'the seal is too large for where it is to go', {
      why: `${chains} chains make ${length} characters, and it takes ${maxLength}; nothing was signed`,
      fix: 'write it to a file or a bucket: apikey audit seal --to FILE, or apikey audit seal | aws s3 cp - s3://BUCKET/NAME',
    });
  }
  throw new RefusedError('SEAL_TOO_LARGE', 'this environment has too many clients for one seal', {
    why: `${chains} chains make ${length} characters, and a seal has at most ${MAX_SEAL_LENGTH}`,
    fix: 'split the environment; until then, keep exports of the audit log elsewhere',
  });
}
