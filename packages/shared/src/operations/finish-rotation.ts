/** Rotations under way: who still uses the old token, and the early end of its grace once nobody does. */
import { recordIn } from '../domain/change.ts';
import { formatDuration } from '../domain/duration.ts';
import { RefusedError } from '../domain/errors.ts';
import { endOfLife } from '../domain/liveness.ts';
import type { EpochSeconds, TokenRecord } from '../domain/records.ts';
import {
  DEFAULT_QUIET_SECONDS,
  evidenceHolds,
  finishRotation as finish,
  type GraceEvidence,
} from '../domain/transitions/finish.ts';
import { USAGE_INTERVAL_SECONDS, USAGE_RETRY_SECONDS, usageResolution } from '../domain/usage-resolution.ts';
import { InvalidStateError } from '../ports/errors.ts';
import { inBatches } from './batches.ts';
import { requireClient } from './clients.ts';
import { commitLoop, REVOKE_BUDGET, type Decision } from './commit-loop.ts';
import { takingContext } from './context.ts';
import { LastUses, USAGE_BATCH } from './last-uses.ts';
import { listTokens } from './list.ts';
import { findTokenRecord } from './lookup.ts';
import { describeTokens } from './token-views.ts';
import type { OperationDeps, TokenView } from './types.ts';

type ReadDeps = Pick<OperationDeps, 'registry' | 'clock'>;

/** A token that was replaced and still lives, or whose replacement waits to be activated. */
export interface RotationView {
  readonly old: TokenView;
  readonly successor: TokenView;
  /** When the old token ends. */
  readonly graceUntil: EpochSeconds;
  /** Both are live, and `finishRotation` would end the old one, asked for the quiet that is usual. */
  readonly finishable: boolean;
}

/** All rotations under way, or those of one client, by client and time of issue. Throws `CLIENT_NOT_FOUND`. */
export async function* listRotations(deps: ReadDeps, client?: string): AsyncGenerator<RotationView> {
  if (client !== undefined) await requireClient(deps, client);
  for await (const olds of inBatches(replacedTokens(deps, client), USAGE_BATCH)) yield* await rotationsOf(deps, olds);
}

async function* replacedTokens(deps: ReadDeps, client: string | undefined): AsyncGenerator<TokenView> {
  for await (const view of listTokens(deps, { client, state: 'active' })) {
    if (view.live && view.record.replacedBy !== undefined) yield view;
  }
}

/** The rotation in which this token is the old one or, where it has no successor itself, the new one; whatever became of it. */
export async function findRotation(deps: ReadDeps, jti: string, client?: string): Promise<RotationView | undefined> {
  const named = await findTokenRecord(deps.registry, jti, client);
  const { replaces, replacedBy } = named;
  const record =
    replacedBy === undefined && replaces !== undefined ? await deps.registry.getToken(named.client, replaces) : named;
  if (record === undefined) return undefined;
  const [old] = await describeTokens(deps, [record]);
  const [successor] = old === undefined ? [] : await successorsOf(deps, [old]);
  return old === undefined || successor === undefined ? undefined : rotation(deps, old, successor);
}

/** Those whose successor was not revoked. */
async function rotationsOf(deps: ReadDeps, olds: readonly TokenView[]): Promise<RotationView[]> {
  const successors = new Map((await successorsOf(deps, olds)).map((view) => [view.record.jti, view]));
  return olds.flatMap((old) => {
    const successor = successors.get(old.record.replacedBy ?? '');
    return successor === undefined || successor.record.state === 'revoked' ? [] : [rotation(deps, old, successor)];
  });
}

async function successorsOf(deps: ReadDeps, olds: readonly TokenView[]): Promise<TokenView[]> {
  const records = await Promise.all(
    olds.map(async ({ record: { client, replacedBy } }) =>
      replacedBy === undefined ? undefined : deps.registry.getToken(client, replacedBy),
    ),
  );
  return describeTokens(
    deps,
    records.filter((record) => record !== undefined),
  );
}

function rotation({ clock }: ReadDeps, old: TokenView, successor: TokenView): RotationView {
  const evidence = { oldUsedAt: old.lastUsedAt, successorUsedAt: successor.lastUsedAt };
  const holds = evidenceHolds(successor.record, evidence, DEFAULT_QUIET_SECONDS, clock.now() / 1000);
  return {
    old,
    successor,
    graceUntil: endOfLife(old.record),
    finishable: old.live && successor.live && holds,
  };
}

export interface FinishRequest {
  /** The token that was replaced: a whole `jti`, or a prefix where `client` is given. */
  readonly jti: string;
  readonly client?: string | undefined;
  /** Seconds for which it must not have been used. */
  readonly quietFor: number;
  /** Seconds for which gateways reuse an answer; uses in between are recorded by nothing. Absent = 0. */
  readonly gatewayResultTtl?: number;
}

export interface FinishedRotation {
  /** The old token's record as it is now, or would be. */
  readonly record: TokenRecord;
  /** It had ended before; nothing is changed. */
  readonly alreadyEnded: boolean;
  readonly evidence: GraceEvidence;
}

/**
 * Ends the grace of a replaced token at once, if the last uses that were recorded allow it; they are read anew with
 * every try. Throws `WRONG_STATE`, `EVIDENCE_MISSING` or `QUIET_TOO_SHORT`.
 */
export async function finishRotation(deps: OperationDeps, request: FinishRequest): Promise<FinishedRotation> {
  const { jti, client } = await findTokenRecord(deps.registry, request.jti, request.client);
  requireVisible(request);
  return commitLoop(deps, REVOKE_BUDGET, () => decide(deps, client, jti, request.quietFor));
}

/** What `finishRotation` would do now; throws as it would. Writes nothing. */
export async function planFinish(deps: OperationDeps, request: FinishRequest): Promise<FinishedRotation> {
  const { jti, client } = await findTokenRecord(deps.registry, request.jti, request.client);
  requireVisible(request);
  return (await decide(deps, client, jti, request.quietFor)).result;
}

/** Refuses a quiet that recorded uses cannot show. */
function requireVisible({ jti, quietFor, gatewayResultTtl = 0 }: FinishRequest): void {
  const least = usageResolution(gatewayResultTtl);
  if (quietFor >= least) return;
  const reused = gatewayResultTtl > 0 ? `, and gateways reuse an answer for ${formatDuration(gatewayResultTtl)}` : '';
  throw new RefusedError(
    'QUIET_TOO_SHORT',
    `recorded uses cannot show that token ${jti} was quiet for ${formatDuration(quietFor)}`,
    {
      why: `a use is recorded at most once in ${formatDuration(USAGE_INTERVAL_SECONDS)}, a lost one is tried again after ${formatDuration(USAGE_RETRY_SECONDS)}${reused}: nothing shorter than ${formatDuration(least)} is seen`,
      fix: `give at least --quiet ${formatDuration(least)}; to end it whatever its use: apikey revoke ${jti}`,
    },
  );
}

async function decide(
  deps: OperationDeps,
  clientId: string,
  jti: string,
  quietFor: number,
): Promise<Decision<FinishedRotation>> {
  const { registry } = deps;
  const client = await registry.getClient(clientId);
  const [old, ring] = await Promise.all([registry.getToken(clientId, jti), registry.readKeyRing()]);
  if (client === undefined || old === undefined) throw orphaned(jti);
  const successor = old.replacedBy === undefined ? undefined : await registry.getToken(clientId, old.replacedBy);
  const uses = await new LastUses(deps).of([jti, ...(successor === undefined ? [] : [successor.jti])]);
  const evidence = { oldUsedAt: uses.get(jti), successorUsedAt: uses.get(successor?.jti ?? '') };
  const used = Math.max(evidence.oldUsedAt ?? 0, evidence.successorUsedAt ?? 0) * 1000;
  const context = await takingContext(deps, { kind: 'client', id: clientId }, client, used);
  const change = finish(client, { old, successor, ring, quietFor, ...evidence }, context);
  const record = change === undefined ? old : recordIn(change, jti);
  return { change, result: { record, alreadyEnded: change === undefined, evidence } };
}

function orphaned(jti: string): InvalidStateError {
  return new InvalidStateError('STORE_DAMAGED', `token ${jti} or its client is not in the registry any more`, {
    why: 'an entry was removed from outside; such a token is denied',
    fix: 'restore the registry from its backup',
  });
}
