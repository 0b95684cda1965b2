/** Words for each check of an inspection: what was found where it holds, and what is wrong where it does not. */
import {
  endOfLife,
  formatDuration,
  formatSeconds,
  MAX_DURATION_SECONDS,
  MAX_EPOCH_SECONDS,
  type DenialReason,
  type RingKey,
  type TokenClaims,
} from '@apikey/shared';
import type { CheckedStatus } from './registry-answers.ts';

/** What an inspection has found on its way; each member once its step was reached. */
export interface Subject {
  readonly key?: RingKey;
  readonly claims?: TokenClaims;
  readonly status?: CheckedStatus;
}

const REASONS: Readonly<Record<DenialReason, string>> = {
  missing_token: 'there is no token',
  malformed: 'this is not a well-formed token of apikey',
  wrong_type: 'its header does not say that it is an access token (at+jwt)',
  key_unknown: 'the key ring has no such key',
  bad_signature: 'the signature does not hold, or names another algorithm than its key has',
  wrong_issuer: 'it comes from another issuer',
  wrong_audience: 'it is meant for another audience',
  claims_mismatch: 'the token, its record, its client and its key do not belong together',
  lifetime_exceeded: 'it was issued for longer than is accepted',
  unknown_token: 'the registry has no record of it',
  not_activated: 'it was prepared, but never activated',
  revoked: 'it was revoked',
  client_unknown: 'the registry has no such client',
  client_suspended: 'its client is suspended',
  client_revoked: 'all tokens that its client had at some time were revoked, this one among them',
  key_retired: 'its signing key was retired',
  key_revoked: 'its signing key was revoked',
  expired: 'it has expired',
  retired: 'it was replaced, and its grace period is over',
  not_yet_valid: 'it is not valid yet',
  address_not_allowed: 'its client may not use it from this address',
  insufficient_scope: 'its scopes do not cover this request',
};

/** The text of one check: `ok`, the reason for which it failed, or `undefined` where it was not made. */
export function explain(name: string, outcome: DenialReason | 'ok' | undefined, subject: Subject): string {
  if (outcome === 'ok') return found(name, subject);
  if (outcome !== undefined) return failure(name, outcome, subject);
  return name === 'address' && subject.status !== undefined ? 'not checked: no address was given' : 'not checked';
}

function failure(name: string, reason: DenialReason, { status, claims }: Subject): string {
  if (name === 'record' && status?.problem === 'RECORD_INVALID') return 'the registry holds a damaged record of it';
  if (name === 'client' && status?.problem === 'CLIENT_INVALID')
    return 'the registry holds a damaged entry of its client';
  if (name === 'lifetime' && reason === 'malformed' && claims !== undefined) {
    const { iat, exp } = claims;
    return iat < exp ? `it was issued in the future (at ${time(iat)})` : 'it ends no later than it was issued';
  }
  const when = timeOf(reason, status, claims);
  return when === undefined ? REASONS[reason] : `${REASONS[reason]} (${when})`;
}

function timeOf(
  reason: DenialReason,
  status: CheckedStatus | undefined,
  claims: TokenClaims | undefined,
): string | undefined {
  const { record } = status ?? {};
  if (reason === 'revoked' && record?.revokedAt !== undefined) return `at ${time(record.revokedAt)}`;
  if (reason === 'expired' && claims !== undefined) return `at ${time(claims.exp)}`;
  if (reason === 'retired' && record !== undefined) return `since ${time(record.liveUntil)}`;
  if (reason === 'not_yet_valid' && claims?.nbf !== undefined) return `before ${time(claims.nbf)}`;
  return undefined;
}

function found(name: string, { key, claims, status }: Subject): string {
  const { record, client } = status ?? {};
  switch (name) {
    case 'format':
      return 'three canonical segments';
    case 'type':
      return 'at+jwt';
    case 'key':
      return `${key?.alg} key ${key?.kid}`;
    case 'signature':
      return `verified with ${key?.alg}`;
    case 'claims':
      return 'all there, each of its form';
    case 'issuer':
    case 'audience':
      return 'as configured';
    case 'subject':
      return `client ${claims?.sub}`;
    case 'lifetime':
      return claims === undefined ? '' : lifetime(claims.exp - claims.iat);
    case 'record':
      return 'active, and made for this very payload';
    case 'client':
      return `${client?.state}, epoch ${client?.epoch}`;
    case 'key state':
      return `${key?.state}`;
    case 'time':
      return record === undefined ? '' : `until ${time(endOfLife(record))}`;
    case 'address':
      return client?.cidrs === undefined ? 'not limited to networks' : 'inside the networks of its client';
    default:
      return 'holds';
  }
}

/** A claim may hold times that no calendar has. */
function time(seconds: number): string {
  return seconds <= MAX_EPOCH_SECONDS ? formatSeconds(seconds) : `${seconds} s after 1970`;
}

function lifetime(seconds: number): string {
  return seconds > 0 && seconds <= MAX_DURATION_SECONDS ? formatDuration(seconds) : `${seconds} s`;
}
