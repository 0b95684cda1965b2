/** What goes into a decision and what comes out of it: the answer for the caller, and the report for the operator. */
import type { DenialReason } from '@apikey/shared';
import type { FaultCode } from './fault.ts';
import type { Refusal } from './refusal.ts';
import type { RegistryProblem } from './registry-answers.ts';
import type { RouteTable } from './routes.ts';
import type { UsageOutcome } from './usage-tracker.ts';

export interface AuthorizeRequest {
  /** The bare token, without `Bearer`; absent = the request carried none. */
  readonly token: string | undefined;
  /** The address that the request came from, needed for clients that are limited to networks. */
  readonly sourceAddress?: string | undefined;
  /** HTTP method and path as received, needed where routes are configured; a query string is ignored. */
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  /** Routes of the face that asks, from `compileRoutes`; they apply beside those of the authorizer. */
  readonly routes?: RouteTable | undefined;
  /** Asked about the scopes of a live token, beside all routes; false denies with `insufficient_scope`. */
  readonly permits?: ((scopes: readonly string[]) => boolean) | undefined;
  /** Told of this decision, beside the listener of the authorizer: for logs that name the request. */
  readonly onDecision?: ((report: DecisionReport) => void) | undefined;
}

/** A token that is live, whether or not this request may use it. */
export interface LiveToken {
  /** The client that holds the token. */
  readonly client: string;
  readonly jti: string;
  /** The scopes that the token has and that its client may use. */
  readonly scopes: readonly string[];
  readonly kid: string;
  /** Epoch seconds from which on the token is not accepted, whatever else happens. */
  readonly expiresAt: number;
}

export interface Allowed extends LiveToken {
  readonly allowed: true;
}

/** What a request has whose routes are public: leave to go on, and no identity. Whatever token it carried was not looked at. */
export interface PublicAccess {
  readonly allowed: true;
  readonly public: true;
  readonly client?: undefined;
  readonly jti?: undefined;
  readonly scopes?: undefined;
}

export const PUBLIC_ACCESS: PublicAccess = Object.freeze({ allowed: true, public: true });

export interface Denied {
  readonly allowed: false;
  /** For logs and metrics. Never tell the caller: it would learn whether a token exists, expired or was revoked. */
  readonly reason: DenialReason;
  /** 401 = present another credential; 403 = this one is live, but not for this request. */
  readonly status: 401 | 403;
}

export type Decision = Allowed | Denied;

/** How the verified-token cache and the status cache answered; `none` = not asked. */
export interface CacheUse {
  token: 'none' | 'hit' | 'miss';
  /** `stale`: the registry was out of reach and `staleIfError` applied. `dead`: the token was known to be dead. */
  status: 'none' | 'hit' | 'miss' | 'stale' | 'dead';
  /** The registry was out of reach, and the last good key ring stood in for it. */
  ring?: 'stale';
}

/**
 * One decision, for logs and metrics. It never holds the token, its claims, or a `kid` that is not in the ring; `client`
 * and `jti` are present once the signature held.
 */
export interface DecisionReport {
  readonly allowed: boolean;
  /** `event_refused`: nothing was decided, since a face did not take the event for a request; `refusal` says why. */
  readonly reason?: DenialReason | 'event_refused';
  readonly refusal?: Refusal;
  /** The decision is a fault: nothing was decided. */
  readonly fault?: FaultCode;
  /** The request's routes are public: nothing was decided about a token. Only gateways report these. */
  readonly public?: true;
  readonly client?: string;
  readonly jti?: string;
  readonly kid?: string;
  readonly latencyMs: number;
  readonly cache: Readonly<CacheUse>;
  /** What became of this use, where it was due to be recorded; see `AuthorizerOptions.usage`. */
  readonly usage?: UsageOutcome;
  /** An entry of the registry is damaged: the token was denied, and somebody should look. */
  readonly problem?: RegistryProblem;
}

/** The denial with the outward status that its reason has. */
export function deny(reason: DenialReason): Denied {
  const live = reason === 'address_not_allowed' || reason === 'insufficient_scope';
  return { allowed: false, reason, status: live ? 403 : 401 };
}

const liveTokens = new WeakMap<Denied, LiveToken>();

/** The denial of one request of a token that is live. */
export function denyLive(reason: 'address_not_allowed' | 'insufficient_scope', token: LiveToken): Denied {
  const denied = deny(reason);
  liveTokens.set(denied, token);
  return denied;
}

/**
 * The live token behind a 403, for faces whose answer a gateway reuses and which therefore has to say what the token does
 * open. Kept beside the denial, not in it: who reads a denial must not find anything to let the request in by.
 */
export function liveTokenOf(denied: Denied): LiveToken | undefined {
  return liveTokens.get(denied);
}
