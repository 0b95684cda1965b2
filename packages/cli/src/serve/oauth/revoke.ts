/** `POST /revoke` (RFC 7009): whoever holds a token may end it. */
import { ApikeyError, revokeToken, type OperationDeps } from '@apikey/shared';
import type { KeySet } from '../key-set.ts';
import { readForm, type OAuthEndpoint } from './form.ts';

export interface RevokeOptions {
  readonly keySet: KeySet;
  /** Opens what can change the registry; called when the first token is to be ended. */
  readonly open: () => Promise<OperationDeps>;
  /** Milliseconds for the body of a request. */
  readonly bodyTimeout: number;
  readonly onRevoked: (jti: string, client: string) => void;
}

/** Kept with the token and in the audit log, whose actor is the gateway: that is all that is known. */
const REASON = 'RFC 7009 revocation by the holder';

/**
 * The answer says nothing about the token (RFC 7009 section 2.2): forged, unknown, expired and revoked ones get it as
 * well. Only a revocation that could not be made is told, by a fault.
 */
export function revokeEndpoint({ keySet, open, bodyTimeout, onRevoked }: RevokeOptions): OAuthEndpoint {
  return async (request) => {
    const form = await readForm(request, bodyTimeout);
    if (form instanceof Response) return form;
    const { claims } = (await ifOurs(keySet.readOwnToken(form.get('token') ?? ''))) ?? {};
    if (claims !== undefined) {
      const deps = await open();
      const revoked = await ifOurs(revokeToken(deps, { jti: claims.jti, client: claims.sub, reason: REASON }));
      if (revoked?.alreadyRevoked === false) onRevoked(revoked.jti, revoked.client);
    }
    return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } });
  };
}

/** Nothing where there is no such token. */
async function ifOurs<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const code = error instanceof ApikeyError ? error.code : undefined;
    if (code === 'INVALID_INPUT' || code === 'TOKEN_NOT_FOUND') return undefined;
    throw error;
  }
}
