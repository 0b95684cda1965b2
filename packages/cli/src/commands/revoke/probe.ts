/** Asks an API with a revoked token until it is denied, and measures how long that takes. */
import { UnavailableError } from '@apikey/shared';
import type { Context } from '../../context.ts';
import { systemReason } from '../../failure.ts';
import { isInteractive } from '../../terminal/confirm.ts';

/** From the start of one request to the start of the next, in milliseconds. */
const INTERVAL = 100;
const REQUEST_TIMEOUT = 5_000;

export interface ProbeResult {
  /** 401 or 403. */
  readonly status: number;
  /** From the revocation to that answer. */
  readonly millis: number;
  /** Requests before that were let in. */
  readonly allowed: number;
}

export interface ProbeLimits {
  /** Epoch milliseconds. */
  readonly since: number;
  readonly giveUpAt: number;
  /** Seconds. */
  readonly bound: number;
}

/** Throws `STILL_ACCEPTED` when the API did not deny the token in time, for whatever reason. */
export async function probeUntilDenied(
  url: URL,
  token: string,
  { since, giveUpAt, bound }: ProbeLimits,
  { io, terminal, inputAllowed }: Pick<Context, 'io' | 'terminal' | 'inputAllowed'>,
): Promise<ProbeResult> {
  const shown = isInteractive(io, terminal, inputAllowed);
  let allowed = 0;
  for (;;) {
    const asked = io.clock.now();
    const answer = await ask(url, token);
    const now = io.clock.now();
    if (answer.status === 401 || answer.status === 403) return { status: answer.status, millis: now - since, allowed };
    if (answer.status !== undefined && answer.status < 300) allowed += 1;
    if (now >= giveUpAt) throw stillAccepted(url, answer.words, Math.round((now - since) / 1000), bound);
    if (shown)
      terminal.status(`${url.host} ${answer.words}, ${Math.round((now - since) / 1000)} s after the revocation`);
    await io.delay.wait(Math.max(1, INTERVAL - (now - asked)));
  }
}

interface Answer {
  readonly status: number | undefined;
  readonly words: string;
}

async function ask(url: URL, token: string): Promise<Answer> {
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      // The token is for this API; where else it points to is nobody's business.
      redirect: 'manual',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT),
    });
    await response.body?.cancel();
    return { status: response.status, words: `answered ${response.status}` };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return { status: undefined, words: `gave no answer (${systemReason(cause)})` };
  }
}

function stillAccepted(url: URL, words: string, seconds: number, bound: number): UnavailableError {
  return new UnavailableError(`${url.host} did not deny the revoked token`, {
    code: 'STILL_ACCEPTED',
    why: `it ${words}, ${seconds} s after the revocation; by the settings of the environment ${bound} s should do`,
    fix: 'the revocation holds in the registry; check that the API has an authorizer of this environment, and its settings',
  });
}
