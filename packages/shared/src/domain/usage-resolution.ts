/** How finely uses are recorded: nothing that is concluded from them can be sharper. */

/** A use this soon after one that was recorded, of the same token in the same process, is not recorded. */
export const USAGE_INTERVAL_SECONDS: number = 15 * 60;
/** After a write that was lost: how long until the same token is tried again. */
export const USAGE_RETRY_SECONDS = 60;

/**
 * A token that is in use all the time was recorded within so many seconds, if anything records. `gatewayResultTtl` is
 * for how many seconds gateways reuse an answer, which no authorizer sees.
 */
export function usageResolution(gatewayResultTtl: number): number {
  return USAGE_INTERVAL_SECONDS + USAGE_RETRY_SECONDS + gatewayResultTtl;
}
