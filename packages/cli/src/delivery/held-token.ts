/** What a file that an earlier run wrote says of the token in it: enough to know whose it is, nothing is verified. */
import { JwsError, parseClaims, parseCompact, sha256Hex, type TokenRecord } from '@apikey/shared';

export type HeldToken = Pick<TokenRecord, 'jti' | 'payloadSha256'>;

/** Nothing for what is no token. */
export function heldToken(text: string): HeldToken | undefined {
  try {
    const { payloadBytes } = parseCompact(text);
    return { jti: parseClaims(payloadBytes).jti, payloadSha256: sha256Hex(payloadBytes) };
  } catch (error) {
    if (error instanceof JwsError) return undefined;
    throw error;
  }
}
