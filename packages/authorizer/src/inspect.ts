/** Explains a decision step by step, for `apikey verify`: the same steps as a decision, with every one of them told. */
import {
  isKid,
  LIVENESS_RULES,
  sha256Hex,
  type Client,
  type DenialReason,
  type KeyRing,
  type RingKey,
  type TokenClaims,
  type TokenRecord,
  type TokenStatus,
} from '@apikey/shared';
import type { KeyObject } from 'node:crypto';
import { checkPublicKey } from './cache/public-keys.ts';
import { explain, type Subject } from './inspect-details.ts';
import { checkRing, readCheckedStatus } from './registry-answers.ts';
import { addressRule } from './request-steps.ts';
import {
  algorithmRule,
  CLAIM_RULES,
  deadKeyReason,
  issuedRule,
  livenessClaims,
  readClaims,
  readToken,
  signatureRule,
  typeRule,
  type ClaimExpectations,
  type ClaimRule,
  type ReadToken,
} from './token-steps.ts';

export interface InspectionInput extends ClaimExpectations {
  readonly token: string;
  readonly ring: KeyRing | undefined;
  readonly publicKey: (ref: string) => Promise<KeyObject>;
  readonly readStatus: (jti: string, clientId: string) => Promise<TokenStatus>;
  /** Epoch seconds; may have a fraction. */
  readonly now: number;
  /** Seconds by which `exp` and `nbf` may be missed. Default 0. */
  readonly clockTolerance?: number;
  /** Absent = the address is not checked. */
  readonly sourceAddress?: string | undefined;
}

/** The steps, in the order in which they are reported and in which the first failure is the reason. */
export const CHECK_NAMES: readonly string[] = [
  'format',
  'type',
  'key',
  'signature',
  'claims',
  ...CLAIM_RULES.map(({ name }) => name),
  ...LIVENESS_RULES.map(({ name }) => livenessCheck(name)),
  'address',
];

/** The ring is asked twice: whether it has the key, and how that key stands. */
function livenessCheck(rule: string): string {
  return rule === 'key' ? 'key state' : rule;
}

export interface Check {
  /** One of `CHECK_NAMES`. */
  readonly name: string;
  /** `null` = not checked, since an earlier step failed or the input for it was not given. */
  readonly ok: boolean | null;
  /** What was found, in words. */
  readonly detail: string;
}

export interface Inspection {
  readonly live: boolean;
  /** Why the token would be denied: the first check that failed. */
  readonly reason: DenialReason | undefined;
  /** One for each of `CHECK_NAMES`, in their order. */
  readonly checks: readonly Check[];
  /** Present once the signature held. */
  readonly claims?: TokenClaims;
  readonly record?: TokenRecord;
  readonly client?: Client;
}

type Outcome = DenialReason | 'ok';
/** Writes down how one check went, and says whether it held. */
type Note = (name: string, reason: DenialReason | undefined) => boolean;

/**
 * Checks a token as `authorize` would with state read now, and goes on after a failure wherever a step still can run.
 * `live` and `reason` are those of the decision (routes, result TTL, and an address that was not given aside).
 *
 * Rejects with what `publicKey` or `readStatus` threw, or an `AuthorizerFault` (`RING_MISSING`, `REGISTRY_INVALID`,
 * `KEY_MISMATCH`), where a decision would be a fault.
 */
export async function inspectToken(input: InspectionInput): Promise<Inspection> {
  const outcomes = new Map<string, Outcome>();
  let reason: DenialReason | undefined;
  const subject = await inspect(input, (name, broken) => {
    reason ??= broken;
    outcomes.set(name, broken ?? 'ok');
    return broken === undefined;
  });
  const checks = CHECK_NAMES.map((name): Check => {
    const outcome = outcomes.get(name);
    return { name, ok: outcome === undefined ? null : outcome === 'ok', detail: explain(name, outcome, subject) };
  });
  const { claims, status } = subject;
  return {
    live: reason === undefined,
    reason,
    checks,
    ...(claims === undefined ? {} : { claims }),
    ...(status?.record === undefined ? {} : { record: status.record }),
    ...(status?.client === undefined ? {} : { client: status.client }),
  };
}

/** Runs the steps in their order. A decision ends at the first failure, so this asks nobody whom a decision would not ask. */
async function inspect(input: InspectionInput, note: Note): Promise<Subject> {
  const read = readToken(input.token);
  if (read === 'malformed') {
    note('format', input.token === '' ? 'missing_token' : read);
    return {};
  }
  note('format', undefined);
  if (!note('type', typeRule(read))) return {};
  const key = findKey(input.ring, read);
  if (!note('key', key === undefined ? 'key_unknown' : undefined) || key === undefined) return {};
  const forged = algorithmRule(read, key) ?? (await verifySignatureOf(read, key, input.publicKey));
  return note('signature', forged) ? inspectSigned(input, read, key, note) : { key };
}

function findKey(ring: KeyRing | undefined, { jws }: ReadToken): RingKey | undefined {
  const { kid } = jws.header;
  // A decision does not ask the registry about what cannot be a kid, and so is no fault even without a ring.
  return kid === undefined || !isKid(kid) ? undefined : checkRing(ring).get(kid);
}

async function verifySignatureOf(
  read: ReadToken,
  key: RingKey,
  publicKey: InspectionInput['publicKey'],
): Promise<DenialReason | undefined> {
  let found: KeyObject;
  try {
    found = checkPublicKey(key, await publicKey(key.ref));
  } catch (error) {
    const dead = deadKeyReason(key);
    if (dead !== undefined) return dead;
    throw error;
  }
  return signatureRule(read, key, found);
}

/** The steps after the signature: claims, then liveness on what the registry says, then the address. */
async function inspectSigned(input: InspectionInput, read: ReadToken, key: RingKey, note: Note): Promise<Subject> {
  const claims = readClaims(read);
  if (!note('claims', claims === 'malformed' ? claims : undefined) || claims === 'malformed') return { key };
  const { now, clockTolerance = 0, sourceAddress } = input;
  const brokenBy = (rule: ClaimRule): DenialReason | undefined =>
    rule.broken(claims, input) ?? (rule.name === 'lifetime' ? issuedRule(claims, now, clockTolerance) : undefined);
  const held = CLAIM_RULES.map((rule) => note(rule.name, brokenBy(rule)));
  if (held.includes(false)) return { key, claims };
  const status = await readCheckedStatus(input, claims.jti, claims.sub);
  const { record, client } = status;
  const payloadSha256 = sha256Hex(read.jws.payloadBytes);
  const liveness = { claims: livenessClaims(claims), payloadSha256, record, client, key, now, clockTolerance };
  for (const rule of LIVENESS_RULES) {
    // Without a record, the rules that compare something with it would only repeat that it is missing.
    const runs = record !== undefined || rule.name === 'record' || rule.name === 'key';
    if (runs) note(livenessCheck(rule.name), rule.broken(liveness));
  }
  if (client !== undefined && (client.cidrs === undefined || sourceAddress !== undefined)) {
    note('address', addressRule(client, sourceAddress));
  }
  return { key, claims, status };
}
