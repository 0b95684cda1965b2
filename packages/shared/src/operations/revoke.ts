/** Ends one token for good; in force before this returns. */
import { recordIn } from '../domain/change.ts';
import type { TokenRecord } from '../domain/records.ts';
import { revokeTokens, secondsOf } from '../domain/transitions/tokens.ts';
import { InvalidStateError } from '../ports/errors.ts';
import { commitLoop, REVOKE_BUDGET } from './commit-loop.ts';
import { takingContext } from './context.ts';
import { findTokenRecord } from './lookup.ts';
import { verdictOf } from './token-views.ts';
import type { OperationDeps, Revocation, TokenVerdict } from './types.ts';

export interface RevokeRequest {
  /** A whole `jti`, or a prefix where `client` is given. */
  readonly jti: string;
  readonly client?: string | undefined;
  readonly reason?: string | undefined;
}

/** Revokes a token, pending ones included. Of a revoked one nothing changes, its reason included. */
export async function revokeToken(deps: OperationDeps, request: RevokeRequest): Promise<Revocation> {
  const { jti, client } = await findTokenRecord(deps.registry, request.jti, request.client);
  return commitLoop(deps, REVOKE_BUDGET, async () => {
    const owner = await deps.registry.getClient(client);
    const record = await deps.registry.getToken(client, jti);
    if (owner === undefined || record === undefined) throw orphaned(jti, client);
    const context = await takingContext(deps, { kind: 'client', id: client }, owner);
    const change = revokeTokens(owner, [record], request.reason, context);
    const revoked: TokenRecord = change === undefined ? record : recordIn(change, jti);
    return {
      change,
      result: {
        jti,
        client,
        revokedAt: revoked.revokedAt ?? secondsOf(context),
        alreadyRevoked: change === undefined,
      },
    };
  });
}

/** The token that `revokeToken` would end. Writes nothing. */
export async function planRevoke(
  deps: Pick<OperationDeps, 'registry' | 'clock'>,
  request: Omit<RevokeRequest, 'reason'>,
): Promise<TokenVerdict> {
  const record = await findTokenRecord(deps.registry, request.jti, request.client);
  const [client, ring] = await Promise.all([deps.registry.getClient(record.client), deps.registry.readKeyRing()]);
  return verdictOf(record, client, ring, deps.clock.now() / 1000);
}

function orphaned(jti: string, client: string): InvalidStateError {
  return new InvalidStateError('STORE_DAMAGED', `token ${jti} or its client is not in the registry any more`, {
    why: `an entry of client ${client} was removed from outside; such a token is denied`,
    fix: 'restore the registry from its backup',
  });
}
