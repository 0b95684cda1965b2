/**
 * Mints into any sink. For a store that others read, the order has two more steps: the token is laid aside, its record
 * activated, the token shown to readers, and only then the token that it replaces may end.
 */
import { RefusedError } from '../domain/errors.ts';
import { endOfLife } from '../domain/liveness.ts';
import type { TokenRecord } from '../domain/records.ts';
import { isSigningAlg } from '../jose/algorithms.ts';
import type { StagedSink, TokenSink } from '../ports/token-sink.ts';
import { tokenLength } from './compose.ts';
import { mint, type MintedToken, type Preparation } from './mint.ts';
import { PROMOTION_SECONDS, promote, rerunOf } from './promote.ts';
import type { IssuedToken, IssuePlan, OperationDeps } from './types.ts';

export type Sink = TokenSink | StagedSink;

/** @param requestId under which a rerun finds a token that is live and not yet shown */
export async function mintInto(
  deps: OperationDeps,
  prepare: Preparation,
  sink: Sink,
  requestId: string | undefined,
): Promise<IssuedToken> {
  if (!isStaged(sink)) return { ...(await mint(deps, prepare, sink)), storedVersion: undefined };
  const minted = await mintOrFind(deps, prepare, sink, requestId);
  return { ...minted, ...(await promote(deps, sink, minted)) };
}

/** Throws where the token of a plan does not fit into the store that `check` looked at. */
export function requireRoom(sink: Sink, { record, alg }: Pick<IssuePlan, 'record' | 'alg'>): void {
  if (isStaged(sink)) sink.requireRoom(tokenLength(record, alg));
}

function isStaged(sink: Sink): sink is StagedSink {
  return 'promote' in sink;
}

async function mintOrFind(
  deps: OperationDeps,
  prepare: Preparation,
  sink: StagedSink,
  requestId: string | undefined,
): Promise<MintedToken> {
  const prepareWhatFits: Preparation = async () => {
    const decision = await prepare();
    requireRoom(sink, decision.result);
    return decision;
  };
  try {
    return await mint(deps, prepareWhatFits, sink, (record) => ({
      leastGrace: PROMOTION_SECONDS,
      finish: rerunOf(record),
    }));
  } catch (error) {
    const done = error instanceof RefusedError && error.code === 'ALREADY_ISSUED' && requestId !== undefined;
    const found = done ? await findMinted(deps, requestId) : undefined;
    if (found === undefined) throw error;
    return found;
  }
}

/** The live token of a request that was run before; absent where it is over, or was replaced by another since. */
async function findMinted({ registry, clock }: OperationDeps, requestId: string): Promise<MintedToken | undefined> {
  const request = await registry.getRequest(requestId);
  if (request === undefined) return undefined;
  const token = (jti: string | undefined): Promise<TokenRecord | undefined> =>
    jti === undefined ? Promise.resolve(undefined) : registry.getToken(request.client, jti);
  const record = await token(request.jti);
  if (record?.state !== 'active' || clock.now() >= endOfLife(record) * 1000) return undefined;
  if ((await token(record.replacedBy))?.state === 'active') return undefined;
  const alg = (await registry.readKeyRing())?.keys.find(({ kid }) => kid === record.kid)?.alg;
  if (alg === undefined || !isSigningAlg(alg)) return undefined;
  return { record, alg, registersClient: false, resumes: true, replaced: await token(record.replaces) };
}
