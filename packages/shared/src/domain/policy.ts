/** Whether a client may be given a token like this: lifetimes and scopes, checked before anything is recorded. */
import { formatDuration } from './duration.ts';
import { InvalidValueError, RefusedError } from './errors.ts';
import type { Client, EpochSeconds } from './records.ts';
import { canonicalJson } from './events.ts';

export interface LifetimeRequest {
  /** Seconds; excludes `expiresAt`. */
  readonly ttl?: number | undefined;
  readonly expiresAt?: EpochSeconds | undefined;
  readonly notBefore?: EpochSeconds | undefined;
}

export interface LifetimeLimits {
  /** Seconds; for requests that name neither lifetime nor end. Narrowed to the caps. */
  readonly defaultTtl: number;
  readonly maxTtl: number;
}

/** `iat` and `exp` of a token issued at `now` (whole seconds). */
export function decideLifetime(
  request: LifetimeRequest,
  limits: LifetimeLimits,
  client: Pick<Client, 'id' | 'maxTtl'> | undefined,
  now: EpochSeconds,
): { readonly iat: EpochSeconds; readonly exp: EpochSeconds } {
  const cap = capOf(limits, client);
  const asked = request.expiresAt === undefined ? request.ttl : request.expiresAt - now;
  const ttl = asked ?? Math.min(limits.defaultTtl, cap);
  if (ttl <= 0) {
    throw new InvalidValueError('INVALID_TIME', 'the token would have expired already', {
      why: 'the time given for its end is not in the future',
      fix: 'give a later time',
    });
  }
  checkLifetime(ttl, limits, client);
  const exp = now + ttl;
  if (request.notBefore !== undefined && request.notBefore >= exp) {
    throw new InvalidValueError('INVALID_TIME', 'the token would expire before it becomes valid', {
      why: 'the not-before time is not earlier than the end of its life',
      fix: 'give an earlier not-before time, or a longer life',
    });
  }
  return { iat: now, exp };
}

/** Refuses a lifetime (seconds) over the cap of the environment or of the client. */
export function checkLifetime(
  ttl: number,
  limits: Pick<LifetimeLimits, 'maxTtl'>,
  client: Pick<Client, 'id' | 'maxTtl'> | undefined,
): void {
  const cap = capOf(limits, client);
  if (ttl <= cap) return;
  throw new RefusedError('OVER_CAP', `a token may live ${formatDuration(cap)} at most`, {
    why: `${formatDuration(ttl)} is over the cap of ${cap < limits.maxTtl ? `client ${client?.id}` : 'the environment'}`,
    fix: `ask for ${formatDuration(cap)} or less`,
  });
}

function capOf({ maxTtl }: Pick<LifetimeLimits, 'maxTtl'>, client: Pick<Client, 'maxTtl'> | undefined): number {
  return Math.min(maxTtl, client?.maxTtl ?? maxTtl);
}

/** Refuses scopes that the client may not hold. */
export function checkScopes(scopes: readonly string[], client: Pick<Client, 'id' | 'scopes'> | undefined): void {
  const allowed = client?.scopes;
  if (allowed === undefined) return;
  const excess = scopes.filter((scope) => !allowed.includes(scope));
  if (excess.length === 0) return;
  throw new RefusedError('SCOPE_NOT_ALLOWED', `client ${client?.id} may not hold ${excess.join(' ')}`, {
    why: allowed.length === 0 ? 'it is allowed no scopes' : `it is allowed ${allowed.join(' ')}`,
    fix: 'ask for less, or widen what the client may hold first',
  });
}

/**
 * Everything of a client that an admin may have decided a token upon. An operation that sees it change while it
 * runs gives up: what it was about to do was checked against another policy.
 */
export function policyFingerprint(client: Client | undefined): string {
  return canonicalJson([
    client?.epoch ?? 1,
    client?.state ?? 'active',
    client?.scopes ?? null,
    client?.cidrs ?? null,
    client?.maxTtl ?? null,
  ]);
}
