/** What apikey does with a token that it sees for the first time, and how a way of doing it is run. */
import { createAuthorizer, verifyCompactJws, type AuthorizerOptions } from '@apikey/authorizer';
import { parseClaims, type SigningAlg } from '@apikey/shared';
import { setImmediate } from 'node:timers/promises';
import type { Way } from '../harness/rounds.ts';
import type { Issued } from './issue-tokens.ts';
import { AUDIENCE, ISSUER } from '../harness/acting.ts';

/** Runs what answers at once on one thing after the other, in turn: it has not seen the next one lately. */
export function each<T>(things: readonly T[], act: (thing: T) => unknown): Way {
  const next = inTurn(things);
  return (times) => {
    for (let n = 0; n < times; n++) act(next());
  };
}

/** After so many awaited acts the event loop gets its turn, as it does in a server. */
const ACTS_PER_TURN = 100;

/** The same for what has to be awaited, as one request waits for its own answer. */
export function eachAwaited<T>(things: readonly T[], act: (thing: T) => Promise<unknown>): Way {
  const next = inTurn(things);
  return async (times) => {
    for (let n = 1; n <= times; n++) {
      await act(next());
      if (n % ACTS_PER_TURN === 0) await setImmediate();
    }
  };
}

/** Runs each way before it is measured: what is slow the first time is not what a server does all day. */
export async function warmUp(ways: Readonly<Record<string, Way>>, times: number): Promise<void> {
  for (const way of Object.values(ways)) await way(times);
}

/** The whole decision. Nothing is kept of any token, so that each is seen for the first time whenever it comes. */
export function decision(issued: Issued): Way {
  return decide(issued, { cache: { tokens: 0, statuses: 0 } });
}

/** The same where the status is at hand: what is left without the read. */
export function decisionAtHand(issued: Issued): Way {
  return decide(issued, { cache: { tokens: 0 }, maxStaleness: { tokens: 3600 } });
}

function decide({ registry, keys, tokens }: Issued, options: Partial<AuthorizerOptions>): Way {
  const authorizer = createAuthorizer({ issuer: ISSUER, audience: AUDIENCE, status: registry, keys, ...options });
  return eachAwaited(tokens, async (token) => {
    const decided = await authorizer.authorize({ token });
    if (!decided.allowed) throw new Error(`denied: ${decided.reason}`);
  });
}

/** What there is without a registry, and what the libraries do: form, signature, `exp`, issuer and audience. */
export function verification(alg: SigningAlg, { publicKey, tokens }: Issued): Way {
  return each(tokens, (token) => {
    const { iss, aud, exp } = parseClaims(verifyCompactJws(token, { alg, publicKey }));
    if (iss !== ISSUER || !aud.includes(AUDIENCE) || exp <= Date.now() / 1000) throw new Error('refused');
  });
}

function inTurn<T>(things: readonly T[]): () => T {
  let at = 0;
  return () => {
    const next = things[at];
    at = (at + 1) % things.length;
    if (next === undefined) throw new RangeError('there is nothing to act on');
    return next;
  };
}
