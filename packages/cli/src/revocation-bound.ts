/** How long a revoked token may still be let in by authorizers that are set as the configuration says. */
import type { Settings } from './config/resolve.ts';

/** Time that a gateway may take over a decision whose answer it then keeps. */
const DECISION_SECONDS = 2;

/** The published bound, in seconds, for requests that begin after a revocation was committed. */
export function revocationBound({
  gatewayResultTtl,
  maxStaleness,
  staleIfError,
}: Pick<Settings, 'gatewayResultTtl' | 'maxStaleness' | 'staleIfError'>): number {
  return gatewayResultTtl + maxStaleness + staleIfError + (gatewayResultTtl > 0 ? DECISION_SECONDS : 0);
}
