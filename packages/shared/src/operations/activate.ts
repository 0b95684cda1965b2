/** Makes a delivered token live, at the end of `issue` or later by hand. */
import { recordIn } from '../domain/change.ts';
import { ApikeyError, InvalidValueError, RefusedError } from '../domain/errors.ts';
import { MAIN_RING, type TokenRecord } from '../domain/records.ts';
import { activateToken as activation } from '../domain/transitions/tokens.ts';
import { parseClaims } from '../jose/claims.ts';
import { parseCompact, requireTokenType } from '../jose/compact.ts';
import { sha256Hex } from '../jose/digest.ts';
import { JwsError } from '../jose/errors.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { verifySignature } from '../jose/verify.ts';
import { UnavailableError } from '../ports/errors.ts';
import { commitLoop, COMMIT_BUDGET } from './commit-loop.ts';
import { changeContext } from './context.ts';
import { findTokenRecord } from './lookup.ts';
import type { OperationDeps } from './types.ts';

/** Activates the record of a token that was just delivered, on fresh reads of client, record and ring. */
export async function activateDelivered(
  deps: OperationDeps,
  { client, jti }: Pick<TokenRecord, 'client' | 'jti'>,
  payloadSha256: string,
  kmsRequestId: string | undefined,
): Promise<TokenRecord> {
  try {
    return await commitLoop(deps, COMMIT_BUDGET, async () => {
      const [owner, record, ring] = await Promise.all([
        deps.registry.getClient(client),
        deps.registry.getToken(client, jti),
        deps.registry.getRing(MAIN_RING),
      ]);
      if (owner === undefined || record === undefined) {
        throw new RefusedError('WRONG_STATE', `token ${jti} is no longer in the registry`, {
          why: 'its record was removed from outside',
          fix: 'issue another token',
        });
      }
      // An earlier try of this very activation whose answer was lost.
      if (record.state === 'active' && record.payloadSha256 === payloadSha256)
        return { change: undefined, result: record };
      const change = activation(owner, { record, payloadSha256, ring, kmsRequestId }, changeContext(deps));
      return { change, result: recordIn(change, jti) };
    });
  } catch (error) {
    throw unfinished(error, jti);
  }
}

/** A refusal is final and says so itself; anything else left the token delivered but not, or not surely, live. */
function unfinished(error: unknown, jti: string): unknown {
  if (!(error instanceof ApikeyError) || !error.retryable) return error;
  if (error instanceof UnavailableError && error.outcome === 'unknown') {
    return new UnavailableError('it is not known whether the token is live', {
      code: 'OUTCOME_UNKNOWN',
      outcome: 'unknown',
      why: `token ${jti} was delivered, and the answer to its activation was lost`,
      fix: `ask with: apikey show ${jti}; if it is pending, finish with: apikey activate ${jti}`,
      cause: error,
    });
  }
  return new UnavailableError('the token was delivered but is not live yet', {
    code: 'ACTIVATION_FAILED',
    why: `token ${jti} is pending (${error.why ?? error.message})`,
    fix: `finish with: apikey activate ${jti}, giving it the token on standard input`,
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
): Promise<{ readonly record: TokenRecord; readonly alreadyActive: boolean }> {
  const record = await findTokenRecord(deps.registry, request.jti, request.client);
  const payloadSha256 = await verifyOwnToken(deps, record, request.token);
  if (record.state === 'active' && record.payloadSha256 === payloadSha256) return { record, alreadyActive: true };
  return { record: await activateDelivered(deps, record, payloadSha256, undefined), alreadyActive: false };
}

/** SHA-256 of the payload of a token that a key of the ring signed for this `jti`. */
async function verifyOwnToken(deps: OperationDeps, { jti }: TokenRecord, token: string): Promise<string> {
  try {
    const jws = parseCompact(token);
    requireTokenType(jws.header);
    const ring = await deps.registry.getRing(MAIN_RING);
    const key = ring?.keys.find(({ kid }) => kid === jws.header.kid);
    if (key === undefined) throw notItsToken(jti, 'no key of the ring signed it');
    const publicKey = await deps.keys.publicKey(key.ref);
    const genuine =
      thumbprint(publicKey) === key.kid &&
      jws.header.alg === key.alg &&
      verifySignature(key.alg, publicKey, jws.signingInput, jws.signature);
    if (!genuine) throw notItsToken(jti, 'its signature does not verify');
    if (parseClaims(jws.payloadBytes).jti !== jti) throw notItsToken(jti, 'it is the token of another id');
    return sha256Hex(jws.payloadBytes);
  } catch (error) {
    throw error instanceof JwsError ? notItsToken(jti, 'it is not a well-formed token') : error;
  }
}

function notItsToken(jti: string, why: string): InvalidValueError {
  return new InvalidValueError('INVALID_INPUT', `this is not the token of ${jti}`, {
    why,
    fix: 'give the token exactly as it was delivered',
  });
}
