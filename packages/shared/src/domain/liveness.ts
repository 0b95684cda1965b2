/**
 * The liveness rule: the one pure function that says whether a verified token is accepted now (DESIGN section 5).
 * Its rules are a table, so that a decision takes the first failure and an explanation shows every row.
 */
import type { Client, EpochSeconds, KeyState, RingKey, TokenRecord } from './records.ts';
import type { DenialReason } from './reasons.ts';

/** What liveness needs of the claims that a signature vouched for. */
export interface LivenessClaims {
  readonly sub: string;
  readonly client_id: string;
  readonly exp: EpochSeconds;
  readonly nbf?: EpochSeconds;
}

export interface LivenessInput {
  readonly claims: LivenessClaims;
  /** SHA-256 of the JWS payload bytes as presented, 64 hex digits. */
  readonly payloadSha256: string;
  readonly record: TokenRecord | undefined;
  readonly client: Client | undefined;
  /** The key that verified the signature, as the ring has it now. */
  readonly key: Pick<RingKey, 'kid' | 'state'> | undefined;
  /** Now, in epoch seconds; may have a fraction. */
  readonly now: number;
  /** Seconds by which `exp` and `nbf` may be missed; a `liveUntil` that was lowered is exact. Default 0. */
  readonly clockTolerance?: number;
}

export interface LivenessRule {
  readonly name: string;
  /** The reason for a denial, or nothing where the rule holds. */
  readonly broken: (input: LivenessInput) => DenialReason | undefined;
}

const USABLE_KEY_STATES: ReadonlySet<KeyState> = new Set(['active', 'retiring', 'pending']);

/** In the order of DESIGN section 5: the first broken rule is the reason. */
export const LIVENESS_RULES: readonly LivenessRule[] = [
  { name: 'record', broken: recordRule },
  { name: 'identity', broken: identityRule },
  { name: 'client', broken: clientRule },
  { name: 'key', broken: keyRule },
  { name: 'time', broken: timeRule },
];

/** The reason why the token is not live, or nothing when it is. */
export function judge(input: LivenessInput): DenialReason | undefined {
  for (const rule of LIVENESS_RULES) {
    const reason = rule.broken(input);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function recordRule({ record, payloadSha256 }: LivenessInput): DenialReason | undefined {
  if (record === undefined) return 'unknown_token';
  if (record.state === 'revoked') return 'revoked';
  if (record.state === 'pending') return 'not_activated';
  return record.payloadSha256 === payloadSha256 ? undefined : 'claims_mismatch';
}

function identityRule({ record, client, key, claims }: LivenessInput): DenialReason | undefined {
  if (record === undefined) return 'unknown_token';
  const same =
    (key === undefined || record.kid === key.kid) &&
    record.client === claims.sub &&
    claims.sub === claims.client_id &&
    (client === undefined || client.id === record.client);
  return same ? undefined : 'claims_mismatch';
}

function clientRule({ record, client }: LivenessInput): DenialReason | undefined {
  if (client === undefined) return 'client_unknown';
  if (client.state !== 'active') return 'client_suspended';
  return record?.epoch === client.epoch ? undefined : 'client_revoked';
}

function keyRule({ key }: LivenessInput): DenialReason | undefined {
  if (key === undefined) return 'key_unknown';
  if (USABLE_KEY_STATES.has(key.state)) return undefined;
  return key.state === 'revoked' ? 'key_revoked' : 'key_retired';
}

function timeRule({ claims, record, now, clockTolerance = 0 }: LivenessInput): DenialReason | undefined {
  if (!(now < claims.exp + clockTolerance)) return 'expired';
  // A lowered `liveUntil` is the end of a grace period: a promise to the admin, not a matter of clocks.
  if (record === undefined || (!(record.liveUntil >= claims.exp) && !(now < record.liveUntil))) return 'retired';
  return claims.nbf === undefined || claims.nbf <= now + clockTolerance ? undefined : 'not_yet_valid';
}

/** The first second at which the token is no longer accepted, whatever else happens. */
export function endOfLife(record: Pick<TokenRecord, 'exp' | 'liveUntil'>): EpochSeconds {
  return Math.min(record.exp, record.liveUntil);
}

/** The claims that the token of this record holds, as far as liveness asks: for listings, where no token is at hand. */
export function claimsOfRecord(record: TokenRecord): LivenessClaims {
  return {
    sub: record.client,
    client_id: record.client,
    exp: record.exp,
    ...(record.nbf === undefined ? {} : { nbf: record.nbf }),
  };
}

/** Liveness of a record as a listing shows it: what its own token would meet if it were presented now. */
export function judgeRecord(
  record: TokenRecord,
  client: Client | undefined,
  key: RingKey | undefined,
  now: number,
): DenialReason | undefined {
  return judge({ claims: claimsOfRecord(record), payloadSha256: record.payloadSha256, record, client, key, now });
}

const FINAL_REASONS: ReadonlySet<DenialReason> = new Set([
  'revoked',
  'expired',
  'retired',
  'client_revoked',
  'client_unknown',
  'key_retired',
  'key_revoked',
]);

/** Whether a token that is denied for `reason` can never be live again. A pending token is over once it expired. */
export function isOver(record: TokenRecord, reason: DenialReason | undefined, now: number): boolean {
  return now >= endOfLife(record) || (reason !== undefined && FINAL_REASONS.has(reason));
}
