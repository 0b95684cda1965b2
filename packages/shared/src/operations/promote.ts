/** Shows a live token to the readers of a store, then ends what it replaces: the last steps of a delivery into one. */
import { ApikeyError, RefusedError } from '../domain/errors.ts';
import type { TokenRecord } from '../domain/records.ts';
import { shortenGrace } from '../domain/transitions/rotation.ts';
import { secondsOf } from '../domain/transitions/tokens.ts';
import { UnavailableError } from '../ports/errors.ts';
import type { StagedSink } from '../ports/token-sink.ts';
import { commitLoop, COMMIT_BUDGET } from './commit-loop.ts';
import { takingContext } from './context.ts';
import type { ActivatedToken, OperationDeps } from './types.ts';

/**
 * How long a replaced token lives at least after its successor was activated, in seconds: the time there is to show the
 * successor, and what a crash in between adds to the old one's life at most.
 */
export const PROMOTION_SECONDS = 300;

export interface PromotedToken {
  readonly replaced: TokenRecord | undefined;
  readonly storedVersion: string;
}

/** A token that is shown already is left as it is. Throws `PROMOTION_FAILED` or `SECRET_CHANGED`. */
export async function promote(
  deps: OperationDeps,
  sink: StagedSink,
  { record, replaced }: ActivatedToken,
): Promise<PromotedToken> {
  const storedVersion = await show(sink, record);
  return { storedVersion, replaced: replaced === undefined ? undefined : await endGrace(deps, record, replaced) };
}

/** How to go on with a delivery that stopped half-way: the request tells a rerun what is done. */
export function rerunOf({ requestId }: TokenRecord): string {
  return requestId === undefined
    ? 'run the same command again'
    : `run the same command again with --request-id ${requestId}`;
}

async function show(sink: StagedSink, record: TokenRecord): Promise<string> {
  try {
    return await sink.promote(record);
  } catch (error) {
    if (!(error instanceof ApikeyError) || error.code === 'INTERNAL') throw error;
    const why = `${error.why ?? error.message}; token ${record.jti} is live, in ${sink.staging(record)}`;
    if (error instanceof RefusedError) {
      throw new RefusedError(error.code, error.message, {
        why,
        fix: `look at what is there now; to put this token in its place, ${rerunOf(record)}`,
        cause: error,
      });
    }
    throw new UnavailableError('the token is live, but its readers may still get the one before', {
      code: 'PROMOTION_FAILED',
      why,
      fix: rerunOf(record),
      cause: error,
    });
  }
}

/** Gives the old token the end that its grace means, counted from now, when readers get the new one. */
async function endGrace(
  deps: OperationDeps,
  { jti, client, grace = 0, requestId }: TokenRecord,
  replaced: TokenRecord,
): Promise<TokenRecord> {
  if (grace >= PROMOTION_SECONDS) return replaced;
  if (replaced.liveUntil * 1000 <= deps.clock.now() + grace * 1000) return replaced;
  try {
    return await commitLoop(deps, COMMIT_BUDGET, async () => {
      const owner = await deps.registry.getClient(client);
      const old = await deps.registry.getToken(client, replaced.jti);
      if (owner === undefined || old === undefined) return { change: undefined, result: replaced };
      const context = await takingContext(deps, { kind: 'client', id: client }, owner);
      const end = secondsOf(context) + grace;
      const change = old.replacedBy === jti ? shortenGrace(owner, old, end, context) : undefined;
      return { change, result: change === undefined ? old : { ...old, liveUntil: end } };
    });
  } catch (error) {
    if (!(error instanceof ApikeyError) || !error.retryable) throw error;
    throw new UnavailableError('the new token is live and shown, but the old one has not been ended', {
      code: 'PROMOTION_FAILED',
      why: `${error.why ?? error.message}; token ${replaced.jti} ends by itself within ${PROMOTION_SECONDS} seconds`,
      fix: requestId === undefined ? `end it with: apikey revoke ${replaced.jti}` : rerunOf({ ...replaced, requestId }),
      cause: error,
    });
  }
}
