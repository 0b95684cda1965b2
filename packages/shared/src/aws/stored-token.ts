/** Which token a store holds, by its own words: for telling tokens apart, never for trusting one. */
import type { TokenRecord } from '../domain/records.ts';
import { parseClaims } from '../jose/claims.ts';
import { parseCompact } from '../jose/compact.ts';
import { sha256Hex } from '../jose/digest.ts';
import { JwsError } from '../jose/errors.ts';
import { RefusedError } from '../domain/errors.ts';

interface StoredToken {
  readonly jti: string;
  readonly payloadSha256: string;
}

/** Whether a stored text is the token that the record is about. */
export function isTokenOf(text: string | undefined, record: TokenRecord): boolean {
  return tokenIn(text)?.payloadSha256 === record.payloadSha256;
}

/** What was shown when the new token was laid aside; absent in a process that only finishes another's work. */
export interface Expectation {
  readonly shown: string | undefined;
}

/**
 * What a shown text is, in words, where it is neither the one that was expected nor the token that this one replaces:
 * somebody else put it there, and it may be the only copy.
 */
export function rivalOf(
  shown: string | undefined,
  expected: Expectation | undefined,
  record: TokenRecord,
): string | undefined {
  if (expected === undefined || shown === expected.shown || shown === undefined) return undefined;
  const other = tokenIn(shown);
  if (other === undefined) return 'another value';
  return other.jti === record.replaces || other.payloadSha256 === record.payloadSha256
    ? undefined
    : `token ${other.jti}`;
}

/** Throws `SECRET_CHANGED` where somebody else's value is shown by now. */
export function requireNoRival(
  shown: string | undefined,
  expected: Expectation | undefined,
  record: TokenRecord,
  place: string,
): void {
  const rival = rivalOf(shown, expected, record);
  if (rival === undefined) return;
  throw new RefusedError('SECRET_CHANGED', `somebody else changed ${place} at the same moment`, {
    why: `it holds ${rival} now`,
  });
}

/** Throws `SECRET_CHANGED`: a store that was to be finished holds no such token. */
export function notHeld({ jti }: TokenRecord, place: string): RefusedError {
  return new RefusedError('SECRET_CHANGED', `${place} does not hold token ${jti}`, {
    why: 'neither what readers get nor what was laid aside is that token',
    fix: 'look at the history of the store; if the token is lost, rotate it, or issue another',
  });
}

function tokenIn(text: string | undefined): StoredToken | undefined {
  if (text === undefined) return undefined;
  try {
    const { payloadBytes } = parseCompact(text);
    return { jti: parseClaims(payloadBytes).jti, payloadSha256: sha256Hex(payloadBytes) };
  } catch (error) {
    if (error instanceof JwsError) return undefined;
    throw error;
  }
}
