/** What the outside world is told: a few fixed answers, the same bytes for every reason. */
import type { Denied } from '../decision.ts';

export interface Answer {
  readonly status: 401 | 403 | 503;
  readonly headers: Readonly<Record<string, string>>;
  /** `application/problem+json` (RFC 9457). */
  readonly body: string;
}

/** Seconds after which a caller may try again; faults last as long as an outage does, so this only spreads the crowd. */
const RETRY_AFTER = '2';

const NO_TOKEN = answer(401, 'Unauthorized', { 'www-authenticate': 'Bearer' });
const INVALID_TOKEN = answer(401, 'Unauthorized', { 'www-authenticate': 'Bearer error="invalid_token"' });
const FORBIDDEN = answer(403, 'Forbidden', { 'www-authenticate': 'Bearer error="insufficient_scope"' });
const FAULT = answer(503, 'Service Unavailable', { 'retry-after': RETRY_AFTER });

/** The answer to a denied request: nothing in it tells expired from revoked from unknown (RFC 6750 section 3.1). */
export function answerDenied({ status, reason }: Pick<Denied, 'status' | 'reason'>): Answer {
  if (status === 403) return FORBIDDEN;
  return reason === 'missing_token' ? NO_TOKEN : INVALID_TOKEN;
}

/** The answer when nothing could be decided. */
export function answerFault(): Answer {
  return FAULT;
}

function answer(status: Answer['status'], title: string, headers: Record<string, string>): Answer {
  const body = JSON.stringify({ type: 'about:blank', title, status });
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    body,
  };
}
