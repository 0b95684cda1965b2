/** The two commits of a rotation: the old record is claimed for its successor, then both change places at once. */
import { clientChange, type ChangeContext, type ClientChange } from '../change.ts';
import { RefusedError } from '../errors.ts';
import { judgeRecord } from '../liveness.ts';
import type { DenialReason } from '../reasons.ts';
import type { Client, EpochSeconds, KeyRing, RequestRecord, TokenRecord } from '../records.ts';
import {
  activatedRecord,
  endingSecondsOf,
  pendingRecord,
  preparedEvent,
  revokedRecord,
  tokenEvent,
  updates,
  type Activation,
  type ProposedToken,
} from './tokens.ts';

export interface RotationClaim {
  /** The token to be replaced. */
  readonly old: TokenRecord;
  /** The old token as its signed grant made it, by which its life is judged; absent where no grant could be verified. */
  readonly granted?: TokenRecord | undefined;
  /** What `old.replacedBy` names now, if anything. */
  readonly successor: TokenRecord | undefined;
  readonly token: ProposedToken;
  /** Seconds for which the old token stays live after the new one was activated. */
  readonly grace: number;
  /** The ring as it is now. */
  readonly ring: KeyRing | undefined;
  readonly request?: RequestRecord | undefined;
  /** Revoke a successor that is still pending, and take its place. */
  readonly takeOver: boolean;
}

/** Prepares the successor of a live token and marks the old record as claimed by it. Ends nothing yet. */
export function claimRotation(client: Client, claim: RotationClaim, context: ChangeContext): ClientChange {
  const { old, granted, successor, token, grace, ring, request, takeOver } = claim;
  requireRotatable(client, granted === undefined ? old : judgedBy(granted, old), ring, context);
  if (successor?.state === 'active') throw replacedAlready(old, successor);
  const rival = successor?.state === 'pending' ? successor : undefined;
  if (rival !== undefined && !takeOver) throw startedAlready(old, rival);
  const seq = client.eventSeq + (rival === undefined ? 1 : 2);
  const created = pendingRecord(client, { ...token, replaces: old.jti, grace }, seq, context);
  const claimed: TokenRecord = { ...old, replacedBy: created.jti };
  const ousted = rival && revokedRecord(rival, `taken over by ${created.jti}`, context);
  return clientChange(
    client,
    client,
    {
      created: [created],
      ...updates([
        ...(rival === undefined || ousted === undefined ? [] : [{ before: rival, after: ousted }]),
        { before: old, after: claimed },
      ]),
      requests: request === undefined ? [] : [request],
    },
    [
      ...(rival === undefined || ousted === undefined ? [] : [tokenEvent('token.revoked', rival, ousted)]),
      preparedEvent(created, request),
      tokenEvent('token.claimed', old, claimed),
    ],
    context,
  );
}

export interface RotationEnd extends Activation {
  readonly old: TokenRecord;
  /** Seconds for which the old token lives on at least, where the new one is not yet where its readers look. */
  readonly leastGrace?: number | undefined;
}

/** Activates the successor and gives the old token its end, in one commit. The old one may have expired meanwhile. */
export function completeRotation(client: Client, end: RotationEnd, context: ChangeContext): ClientChange {
  const { old, record, ring, leastGrace = 0 } = end;
  const activated = activatedRecord(client, end, context);
  if (old.replacedBy !== record.jti) throw notRotatable(old, 'claims_mismatch');
  const reason = denial(client, old, ring, context);
  if (reason !== undefined && reason !== 'expired' && reason !== 'retired') throw notRotatable(old, reason);
  const graceEnd = endingSecondsOf(context) + Math.max(record.grace ?? 0, leastGrace);
  const replaced: TokenRecord = { ...old, liveUntil: Math.min(old.liveUntil, graceEnd) };
  return clientChange(
    client,
    client,
    updates([
      { before: record, after: activated },
      { before: old, after: replaced },
    ]),
    [tokenEvent('token.activated', record, activated), tokenEvent('token.replaced', old, replaced)],
    context,
  );
}

/** Brings the end of a replaced token forward to `end`; nothing where it ends by then as it is, or was ended otherwise. */
export function shortenGrace(
  client: Client,
  old: TokenRecord,
  end: EpochSeconds,
  context: ChangeContext,
): ClientChange | undefined {
  if (old.state !== 'active' || old.liveUntil <= end) return undefined;
  const shortened: TokenRecord = { ...old, liveUntil: end };
  return clientChange(
    client,
    client,
    updates([{ before: old, after: shortened }]),
    [tokenEvent('token.replaced', old, shortened)],
    context,
  );
}

/** Refuses to rotate a token that is not live now (`WRONG_STATE`), the address and route of a request aside. */
export function requireRotatable(
  client: Client,
  record: TokenRecord,
  ring: KeyRing | undefined,
  context: Pick<ChangeContext, 'at'>,
): void {
  const reason = denial(client, record, ring, context);
  if (reason !== undefined) throw notRotatable(record, reason);
}

/** What was granted, and what was taken away since: an entry of the registry lengthens no life and changes no key. */
function judgedBy(granted: TokenRecord, { state, liveUntil }: TokenRecord): TokenRecord {
  return { ...granted, state, liveUntil: Math.min(liveUntil, granted.liveUntil) };
}

function denial(
  client: Client,
  record: TokenRecord,
  ring: KeyRing | undefined,
  context: Pick<ChangeContext, 'at'>,
): DenialReason | undefined {
  const key = ring?.keys.find(({ kid }) => kid === record.kid);
  return judgeRecord(record, client, key, context.at / 1000);
}

const WHY: Partial<Record<DenialReason, string>> = {
  not_activated: 'it was never activated',
  revoked: 'it was revoked',
  client_suspended: 'its client is suspended',
  client_revoked: 'its client was revoked since',
  key_revoked: 'its key was revoked',
  expired: 'it has expired',
  retired: 'it was replaced, and its grace period is over',
  claims_mismatch: 'another rotation took it over',
};

function notRotatable(old: TokenRecord, reason: DenialReason): RefusedError {
  return new RefusedError('WRONG_STATE', `token ${old.jti} cannot be rotated`, {
    why: `${WHY[reason] ?? 'it is not live'} (${reason})`,
    fix: 'only a live token is rotated; issue a new one if the client may have it',
  });
}

function replacedAlready(old: TokenRecord, successor: TokenRecord): RefusedError {
  return new RefusedError('WRONG_STATE', `token ${old.jti} was replaced already`, {
    why: `token ${successor.jti} took its place`,
    fix: `rotate that one: apikey rotate ${successor.jti}`,
  });
}

function startedAlready(old: TokenRecord, rival: TokenRecord): RefusedError {
  return new RefusedError('WRONG_STATE', `a rotation of token ${old.jti} has been started already`, {
    why: `token ${rival.jti} is pending and waits to replace it`,
    fix: `finish it with: apikey activate ${rival.jti}; or give --take-over to revoke it and start again`,
  });
}
