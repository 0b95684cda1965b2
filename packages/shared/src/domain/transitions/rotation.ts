/** The two commits of a rotation: the old record is claimed for its successor, then both change places at once. */
import { clientChange, type ChangeContext, type ClientChange } from '../change.ts';
import { RefusedError } from '../errors.ts';
import type { Client, RequestRecord, TokenRecord } from '../records.ts';
import {
  activatedRecord,
  pendingRecord,
  revokedRecord,
  secondsOf,
  tokenEvent,
  type Activation,
  type ProposedToken,
} from './tokens.ts';

export interface RotationClaim {
  /** The token to be replaced. */
  readonly old: TokenRecord;
  /** What `old.replacedBy` names now, if anything. */
  readonly successor: TokenRecord | undefined;
  readonly token: ProposedToken;
  readonly request?: RequestRecord | undefined;
  /** Revoke a successor that is still pending, and take its place. */
  readonly takeOver: boolean;
}

/** Prepares the successor and marks the old record as claimed by it. Signs and ends nothing. */
export function claimRotation(client: Client, claim: RotationClaim, context: ChangeContext): ClientChange {
  const { old, successor, token, request, takeOver } = claim;
  if (old.state !== 'active') throw notRotatable(old, `it is ${old.state}`);
  if (old.epoch !== client.epoch) throw notRotatable(old, 'its client was revoked since');
  if (successor?.state === 'active') throw notRotatable(old, `it was already replaced by ${successor.jti}`);
  const pendingRival = successor?.state === 'pending' ? successor : undefined;
  if (pendingRival !== undefined && !takeOver) {
    throw new RefusedError('WRONG_STATE', `a rotation of token ${old.jti} has been started already`, {
      why: `token ${pendingRival.jti} is pending and waits to replace it`,
      fix: 'finish that one, or give --take-over to revoke it and start again',
    });
  }
  const created = pendingRecord(client, { ...token, replaces: old.jti }, context);
  const claimed: TokenRecord = { ...old, replacedBy: created.jti };
  const rival = pendingRival && { before: pendingRival, after: revokedRecord(pendingRival, 'taken over', context) };
  return clientChange(
    client,
    client,
    { created: [created], updated: [claimed, ...(rival ? [rival.after] : [])], request },
    [
      ...(rival ? [tokenEvent('token.revoked', rival.before, rival.after)] : []),
      tokenEvent('token.prepared', undefined, created),
      tokenEvent('token.claimed', old, claimed),
    ],
    context,
  );
}

export interface RotationEnd extends Activation {
  readonly old: TokenRecord;
  /** Seconds for which the old token stays live. */
  readonly grace: number;
}

/** Activates the successor and gives the old token its end, in one commit. */
export function completeRotation(client: Client, end: RotationEnd, context: ChangeContext): ClientChange {
  const { old, record, grace } = end;
  if (old.state !== 'active') throw notRotatable(old, `it is ${old.state}`);
  if (old.replacedBy !== record.jti) throw notRotatable(old, 'another rotation took it over');
  const activated = activatedRecord(client, end, context);
  const replaced: TokenRecord = { ...old, liveUntil: Math.min(old.liveUntil, secondsOf(context) + grace) };
  return clientChange(
    client,
    client,
    { updated: [activated, replaced] },
    [tokenEvent('token.activated', record, activated), tokenEvent('token.replaced', old, replaced)],
    context,
  );
}

function notRotatable(old: TokenRecord, why: string): RefusedError {
  return new RefusedError('WRONG_STATE', `token ${old.jti} cannot be rotated`, {
    why,
    fix: 'rotate a live token, or issue a new one',
  });
}
