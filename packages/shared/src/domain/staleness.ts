/** How old registry state may be when a decision rests on it, and how soon a revocation therefore holds everywhere. */

/** Seconds, both. One pair for token statuses and one for the key ring; the same rules apply to both. */
export interface AgeLimits {
  /** An answer of the registry may be this old; 0 = every decision reads. */
  readonly maxAge: number;
  /** The last good answer may be this much older while the registry is out of reach. */
  readonly staleIfError: number;
}

/** How an authorizer and the gateway in front of it are set, in seconds. */
export interface StalenessSettings {
  /** The gateway reuses an answer for this long. */
  readonly gatewayResultTtl: number;
  readonly maxStaleness: { readonly tokens: number; readonly keys: number };
  readonly staleIfError: number;
}

/** Seconds from a revocation until no request that begins then is let in any more. */
export interface RevocationBound {
  /** Of a token or a client. */
  readonly tokens: number;
  /** Of a signing key. */
  readonly keys: number;
}

/** `maxStaleness.keys` of an authorizer for which nothing else is set. */
export const DEFAULT_KEYS_STALENESS = 60;

/** Time that a gateway may take over a decision whose answer it then keeps. */
const DECISION_SECONDS = 2;

/** Seconds after which an answer is not used any more, whatever the registry does. Age counts from when its read was sent. */
export function longestAge({ maxAge, staleIfError }: AgeLimits): number {
  return maxAge + staleIfError;
}

/** The published bound. */
export function revocationBound({ gatewayResultTtl, maxStaleness, staleIfError }: StalenessSettings): RevocationBound {
  const kept = gatewayResultTtl > 0 ? gatewayResultTtl + DECISION_SECONDS : 0;
  const bound = (maxAge: number): number => kept + longestAge({ maxAge, staleIfError });
  return { tokens: bound(maxStaleness.tokens), keys: bound(maxStaleness.keys) };
}
