/** What a failed request to the upstream comes to: which status, and which words for the operator. */

/** Thrown into a request that the upstream kept waiting. */
export class UpstreamTimeout extends Error {
  override readonly name = 'UpstreamTimeout';
  readonly code = 'ETIMEDOUT';
}

/** An answer that cannot be passed on. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
  readonly code: string;

  /** @param code for the operator, in the style of the system's codes; never a byte of the answer */
  constructor(code: string) {
    super(`the upstream's answer is malformed: ${code}`);
    this.code = code;
  }
}

export function statusOf(error: unknown): 502 | 504 {
  return codeOf(error) === 'ETIMEDOUT' ? 504 : 502;
}

/** A code that says enough by itself: ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED, ... */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'an unknown reason';
}
