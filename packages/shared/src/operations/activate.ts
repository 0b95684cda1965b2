/** Makes a delivered token live, at the end of `issue` or later by hand. */
import { recordIn } from '../domain/change.ts';
import { ApikeyError, InvalidValueError, RefusedError } from '../domain/errors.ts';
import { MAIN_RING, type TokenRecord } from '../domain/records.ts';
import { splitScope } from '../domain/scopes.ts';
import { completeRotation } from '../domain/transitions/rotation.ts';
import { activateToken as activation } from '../domain/transitions/tokens.ts';
import { UnavailableError } from '../ports/errors.ts';
import { commitLoop, COMMIT_BUDGET } from './commit-loop.ts';
import { changeContext } from './context.ts';
import { findTokenRecord } from './lookup.ts';
import { readOwnToken, type OwnToken } from './own-token.ts';
import type { ActivatedToken, OperationDeps } from './types.ts';

/** What an activation owes to the way in which its token was delivered. */
export interface ActivationTerms {
  /** Seconds for which the token that is replaced lives on at least, whatever its grace. */
  readonly leastGrace?: number;
  /** How to finish an activation that failed; absent = with `apikey activate`. */
  readonly finish?: string;
}

/** Activates the record of a token that was just delivered, on fresh reads of client, record and ring. */
export async function activateDelivered(
  deps: OperationDeps,
  { client, jti }: Pick<TokenRecord, 'client' | 'jti'>,
  payloadSha256: string,
  kmsRequestId: string | undefined,
  { leastGrace, finish }: ActivationTerms = {},
): Promise<ActivatedToken> {
  try {
    return await commitLoop(deps, COMMIT_BUDGET, async () => {
      const owner = await deps.registry.getClient(client);
      const [record, ring] = await Promise.all([deps.registry.getToken(client, jti), deps.registry.getRing(MAIN_RING)]);
      if (owner === undefined || record === undefined) {
        throw new RefusedError('WRONG_STATE', `token ${jti} is no longer in the registry`, {
          why: 'its record was removed from outside',
          fix: 'issue another token',
        });
      }
      const old = record.replaces === undefined ? undefined : await deps.registry.getToken(client, record.replaces);
      // An earlier try of this very activation whose answer was lost.
      if (record.state === 'active' && record.payloadSha256 === payloadSha256) {
        return { change: undefined, result: { record, replaced: old } };
      }
      const proof = { record, payloadSha256, ring, kmsRequestId };
      const change =
        old === undefined
          ? activation(owner, proof, changeContext(deps))
          : completeRotation(owner, { ...proof, old, leastGrace }, changeContext(deps));
      const replaced = old === undefined ? undefined : recordIn(change, old.jti);
      return { change, result: { record: recordIn(change, jti), replaced } };
    });
  } catch (error) {
    throw unfinished(error, jti, finish);
  }
}

/** A refusal is final and says so itself; anything else left the token delivered but not, or not surely, live. */
export function unfinished(error: unknown, jti: string, finish: string | undefined): unknown {
  if (!(error instanceof ApikeyError) || !error.retryable) return error;
  if (error instanceof UnavailableError && error.outcome === 'unknown') {
    return new UnavailableError('it is not known whether the token is live', {
      code: 'OUTCOME_UNKNOWN',
      outcome: 'unknown',
      why: `token ${jti} was delivered, and the answer to its activation was lost`,
      fix: finish ?? `ask with: apikey show ${jti}; if it is pending, finish with: apikey activate ${jti}`,
      cause: error,
    });
  }
  return new UnavailableError('the token was delivered but is not live yet', {
    code: 'ACTIVATION_FAILED',
    why: `token ${jti} is pending (${error.why ?? error.message})`,
    fix: finish ?? `finish with: apikey activate ${jti}, giving it the token on standard input`,
    cause: error,
  });
}

export interface ActivateRequest {
  /** A whole `jti`, or a prefix where `client` is given. */
  readonly jti: string;
  readonly client?: string;
  readonly token: string;
}

/**
 * Activates a pending record for whoever holds its token. The token's signature, id and payload must be those of the
 * record. A token that is active already is left as it is.
 */
export async function activateToken(
  deps: OperationDeps,
  request: ActivateRequest,
): Promise<ActivatedToken & { readonly alreadyActive: boolean }> {
  const record = await findTokenRecord(deps.registry, request.jti, request.client);
  const payloadSha256 = await verifyOwnToken(deps, record, request.token);
  const alreadyActive = record.state === 'active' && record.payloadSha256 === payloadSha256;
  return { ...(await activateDelivered(deps, record, payloadSha256, undefined)), alreadyActive };
}

/** The payload hash of the token, once it has proved to be the one of this record, which says of it what it says itself. */
async function verifyOwnToken(deps: OperationDeps, record: TokenRecord, token: string): Promise<string> {
  const own = await readOwnToken(deps, token);
  const { jti } = record;
  if (own.claims.jti === jti && isToldBy(record, own)) return own.payloadSha256;
  if (own.claims.jti === jti) {
    throw new RefusedError('GRANT_NOT_VERIFIED', `the record of token ${jti} is not what the token proves`, {
      why: 'client, scopes, audience, times or key of the two differ: somebody may have changed the registry',
      fix: `find out who, with: apikey audit verify; then revoke ${jti}, and issue another token`,
    });
  }
  throw new InvalidValueError('INVALID_INPUT', `this is not the token of ${jti}`, {
    why: 'it is the token of another id',
    fix: 'give the token exactly as it was delivered',
  });
}

function isToldBy(record: TokenRecord, { kid, claims }: OwnToken): boolean {
  const told = [claims.iss, claims.sub, claims.aud, claims.iat, claims.exp, splitScope(claims.scope), claims.nbf, kid];
  const { iss, client, aud, iat, exp, scopes, nbf } = record;
  return JSON.stringify(told) === JSON.stringify([iss, client, aud, iat, exp, scopes, nbf, record.kid]);
}
