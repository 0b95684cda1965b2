/** What a failed request to the upstream comes to: which status, and which words for the operator. */

/** Thrown into a request that the upstream kept waiting. */
export class UpstreamTimeout extends Error {
  override readonly name = 'UpstreamTimeout';
  readonly code = 'ETIMEDOUT';
}

const TIMEOUTS: ReadonlySet<unknown> = new Set(['ETIMEDOUT', 'ERR_UPSTREAM_UPGRADE_TIMEOUT', 'ESOCKETTIMEDOUT']);

export function statusOf(error: unknown): 502 | 504 {
  return TIMEOUTS.has(codeOf(error)) ? 504 : 502;
}

/** A code that says enough by itself: ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED, ... */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'an unknown reason';
}
