/** The ARNs by which API Gateway names what is called, and which its policies are about. */

/**
 * arn:partition:execute-api:region:account:api/stage/METHOD/path. No part may hold what a policy reads as a pattern, for
 * all but method and path end up in one.
 */
const METHOD_ARN = /^(arn:[a-z-]+:execute-api:[\w-]+:[\w-]+:[\w-]+\/([\w$.-]+))\/([A-Za-z]+)(\/.*)?$/s;
const CONNECT_ARN = /^arn:[a-z-]+:execute-api:[\w-]+:[\w-]+:[\w-]+\/[\w.-]+\/\$connect$/;
/** API Gateway answers 414 to what makes its own ARN longer than 1,600 bytes. */
const MAX_LENGTH = 4096;

export interface MethodArn {
  readonly arn: string;
  /** The ARN up to and including the stage. */
  readonly base: string;
  readonly stage: string;
  readonly method: string;
  /** The path that was called, without the stage, as a request target. */
  readonly path: string;
}

/** What no request target holds in its path: HTTP APIs decode the path once, REST APIs leave it as it came. */
const DECODED = /[^\w.~!$&'()*+,;=:@/%[\]|-]/;
const NOT_RAW = /[^\w.~!$&'()*+,;=:@/[\]|-]/gu;

/** The parts of `methodArn` or `routeArn`; `undefined` for anything else. */
export function parseMethodArn(arn: string | undefined): MethodArn | undefined {
  const match = arn === undefined || arn.length > MAX_LENGTH ? null : METHOD_ARN.exec(arn);
  if (match === null) return undefined;
  const [whole, base = '', stage = '', method = '', path = '/'] = match;
  return { arn: whole, base, stage, method, path: asTarget(path) };
}

/**
 * Of a path that was decoded, `%` is a character like any other: it is encoded again, with the rest. What was no UTF-8, or
 * became a replacement character, stays raw, which the grammar refuses.
 */
function asTarget(path: string): string {
  if (!DECODED.test(path) || !path.isWellFormed() || path.includes('\ufffd')) return path;
  return path.replaceAll(NOT_RAW, encodeURIComponent);
}

/** Whether this names the `$connect` route of a WebSocket API. */
export function isConnectArn(arn: string | undefined): arn is string {
  return arn !== undefined && arn.length <= MAX_LENGTH && CONNECT_ARN.test(arn);
}
