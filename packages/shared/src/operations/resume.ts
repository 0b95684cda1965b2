/** What must hold before a token is signed again for a record that an earlier run of the same request left pending. */
import { RefusedError } from '../domain/errors.ts';
import { canonicalJson } from '../domain/events.ts';
import { checkLifetime, checkScopes } from '../domain/policy.ts';
import type { JsonObject, KeyRing, TokenRecord } from '../domain/records.ts';
import { requireClock, type HostClockDeps } from './clock-rule.ts';
import { readGranted, type GrantReader } from './granted.ts';
import type { RequestIdentity, Resumable } from './requests.ts';
import type { Environment } from './types.ts';

/** How far the time of issue may be from the time of its event: both are of one commit. Milliseconds. */
const SAME_TIME = 60_000;

export interface ResumeDeps extends GrantReader, HostClockDeps {
  readonly registry: HostClockDeps['registry'];
  readonly environment: Pick<Environment, 'name' | 'issuer' | 'maxTtl'>;
}

/**
 * Refuses unless the record is what a signed grant made for this very request, and today's policy would still allow it.
 * Throws `GRANT_NOT_VERIFIED`, `OVER_CAP` or `SCOPE_NOT_ALLOWED`.
 */
export async function requireGranted(
  deps: ResumeDeps,
  { client, record }: Resumable,
  request: RequestIdentity | undefined,
  ring: KeyRing,
): Promise<void> {
  const granted = await readGranted(deps, record, ring);
  const { parameterHash, record: made } = granted;
  if (request === undefined || request.parameterHash !== parameterHash || request.id !== made.requestId) {
    throw notGranted(record, 'its grant was given for another request');
  }
  if (!isSame(record, made)) throw notGranted(record, 'the record is not what its grant made');
  const { iat, exp, scopes } = made;
  const issuedAt = iat * 1000;
  if (Math.abs(issuedAt - granted.preparedAt) > SAME_TIME) {
    throw notGranted(record, 'its time of issue is not when it was prepared');
  }
  if (issuedAt > deps.clock.now()) {
    // Either this host's clock is behind, or the one that issued it was ahead.
    await requireClock(deps, { kind: 'client', id: client.id }, client);
    throw notGranted(record, 'its time of issue is in the future');
  }
  checkLifetime(exp - iat, deps.environment, client);
  checkScopes(scopes, client);
}

/** `readGranted` takes payload and key from the newest event that prepared it, so that they are compared as well. */
function isSame(record: TokenRecord, granted: TokenRecord): boolean {
  return canonicalJson(asJson(record)) === canonicalJson(asJson(granted));
}

function asJson(record: TokenRecord): JsonObject {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

function notGranted({ jti }: TokenRecord, why: string): RefusedError {
  return new RefusedError('GRANT_NOT_VERIFIED', `the pending token ${jti} is not signed again`, {
    why: `${why}: somebody may have changed the registry`,
    fix: `find out who, with: apikey audit verify; then revoke ${jti}, and use another request id`,
  });
}
