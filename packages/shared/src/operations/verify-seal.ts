/** Verifies a seal: whether a key for seals of this environment really signed what it says. */
import type { KeyObject } from 'node:crypto';
import { ApikeyError, InvalidValueError } from '../domain/errors.ts';
import { MAIN_RING, SEAL_RING, type KeyRing, type RingKey } from '../domain/records.ts';
import { parseSealPayload, type SealPayload } from '../domain/seal-payload.ts';
import { formatSeconds } from '../domain/time.ts';
import { MAX_SEAL_LENGTH, parseCompact, SEAL_TYPE, TOKEN_TYPE, type CompactJws } from '../jose/compact.ts';
import { JwsError } from '../jose/errors.ts';
import { parseJsonObject } from '../jose/json.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { verifySignature } from '../jose/verify.ts';
import { InvalidStateError } from '../ports/errors.ts';
import type { PublicKeySource } from '../ports/key-provider.ts';
import type { Registry } from '../ports/registry.ts';
import type { Environment } from './types.ts';

export interface SealVerifyDeps {
  readonly registry: Pick<Registry, 'getRing'>;
  readonly keys: PublicKeySource;
  readonly environment: Pick<Environment, 'name' | 'issuer'>;
  /** Public keys for seals that the caller kept elsewhere, by `kid`: these hold even where the key ring was cut back. */
  readonly keptKeys?: ReadonlyMap<string, KeyObject>;
}

/** What a seal is worth. */
export type SealVerdict =
  | { readonly trusted: true; readonly kid: string; readonly statement: SealPayload }
  /** It is a finding: somebody made it who must not, or took away what would prove it. */
  | { readonly trusted: false; readonly kid: string; readonly what: string; readonly why: string };

/**
 * Throws `INVALID_INPUT` for nothing at all, `SEAL_INVALID` for what is no seal or was changed, and `SEAL_FOREIGN` for
 * one of another environment. A seal by a key that must not sign seals is a verdict: not trusted. One by a key that was
 * retired is good.
 */
export async function verifySeal(deps: SealVerifyDeps, text: string): Promise<SealVerdict> {
  const jws = readSeal(text);
  const { kid } = jws.header;
  if (kid === undefined) throw invalid('its header names no key');
  const statement = parseSealPayload(readPayload(jws));
  requireSameEnvironment(statement, deps.environment);
  const [main, ring] = [await deps.registry.getRing(MAIN_RING), await deps.registry.getRing(SEAL_RING)];
  const key = ring?.keys.find((candidate) => candidate.kid === kid);
  const kept = deps.keptKeys?.get(kid);
  const signsTokens = main?.keys.some((candidate) => candidate.kid === kid) === true;
  if (signsTokens || (key === undefined && kept === undefined)) {
    return { trusted: false, kid, ...strange(ring, kid, signsTokens) };
  }
  if (key !== undefined) requireSignature(jws, key.alg, kept ?? (await publicKeyOf(deps.keys, key)));
  else if (kept !== undefined) requireSignature(jws, jws.header.alg, kept);
  const fault = key === undefined ? undefined : faultOf(key);
  return fault === undefined ? { trusted: true, kid, statement } : { trusted: false, kid, ...fault };
}

function readSeal(text: string): CompactJws {
  const seal = text.trim();
  if (seal === '') {
    throw new InvalidValueError('INVALID_INPUT', 'there is no seal', {
      why: 'what was given is empty',
      fix: 'give the file that `apikey audit seal` wrote',
    });
  }
  try {
    const jws = parseCompact(seal, MAX_SEAL_LENGTH);
    if (jws.header.typ === SEAL_TYPE) return jws;
    throw invalid(jws.header.typ === TOKEN_TYPE ? 'it is a token' : `its type is not ${SEAL_TYPE}`);
  } catch (error) {
    throw error instanceof JwsError ? invalid('it is not whole, or no seal at all', error) : error;
  }
}

function readPayload({ payloadBytes }: CompactJws): unknown {
  try {
    return parseJsonObject(payloadBytes);
  } catch (error) {
    throw error instanceof JwsError ? invalid('its payload is not one strict JSON object', error) : error;
  }
}

/** Only to say it better: what is read here is not proved yet, and whatever it says, the seal is refused without a key. */
function requireSameEnvironment({ iss, env }: SealPayload, { name, issuer }: SealVerifyDeps['environment']): void {
  if (iss === issuer && env === name) return;
  throw new ApikeyError('SEAL_FOREIGN', 'the seal is one of another environment', {
    why:
      iss === issuer
        ? `it was made for environment ${JSON.stringify(env)}, this is ${name}`
        : `it was made for the issuer ${JSON.stringify(iss)}, environment ${name} has ${issuer}`,
    fix: 'choose the environment with --env, or give one of its own seals',
  });
}

interface Fault {
  readonly what: string;
  readonly why: string;
}

function strange(ring: KeyRing | undefined, kid: string, signsTokens: boolean): Fault {
  const what = 'the seal is not signed by a key for seals of this environment';
  if (signsTokens) {
    return { what, why: `key ${kid} signs tokens: whoever may sign those made the seal` };
  }
  if (ring === undefined) {
    return { what, why: `there is no key ring ${SEAL_RING}: it was removed since, or the seal is forged` };
  }
  return { what, why: `key ${kid} is not in the key ring ${SEAL_RING}: it was taken out since, or the seal is forged` };
}

/** A retired key has signed rightly what it signed. */
function faultOf({ kid, state, revokedAt }: RingKey): Fault | undefined {
  if (state === 'revoked') {
    const since = revokedAt === undefined ? '' : ` at ${formatSeconds(revokedAt)}`;
    return {
      what: 'the seal is signed by a key that was revoked',
      why: `key ${kid} was revoked${since}: others may have signed with it, whatever time the seal names`,
    };
  }
  if (state !== 'pending') return undefined;
  return {
    what: 'the seal is signed by a key that has never been active',
    why: `key ${kid} is pending: apikey has signed nothing with it`,
  };
}

async function publicKeyOf(keys: PublicKeySource, { kid, ref }: RingKey): Promise<KeyObject> {
  const publicKey = await keys.publicKey(ref);
  if (thumbprint(publicKey) === kid) return publicKey;
  throw new InvalidStateError('KEY_DAMAGED', 'a key for seals is another key than the ring says', {
    why: `the public half behind ${ref} is not that of key ${kid}`,
    fix: 'restore the key, or the key ring, from a backup',
  });
}

function requireSignature(jws: CompactJws, alg: string, publicKey: KeyObject): void {
  if (jws.header.alg !== alg || !verifySignature(alg, publicKey, jws.signingInput, jws.signature)) {
    throw invalid('its signature does not hold: it was changed after it was signed');
  }
}

function invalid(why: string, cause?: unknown): ApikeyError {
  return new ApikeyError('SEAL_INVALID', 'this is not a genuine seal', {
    why,
    fix: 'give the seal exactly as `apikey audit seal` wrote it, from the copy that is kept elsewhere',
    cause,
  });
}
