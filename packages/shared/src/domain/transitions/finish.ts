/** Ends the grace of a rotation early, where what was recorded of the use of both tokens shows that it is not needed. */
import { clientChange, type ChangeContext, type ClientChange } from '../change.ts';
import { formatDuration } from '../duration.ts';
import { RefusedError } from '../errors.ts';
import { withReason } from '../events.ts';
import { endOfLife, isOver, judgeRecord } from '../liveness.ts';
import type { Client, EpochSeconds, KeyRing, TokenRecord } from '../records.ts';
import { formatSeconds } from '../time.ts';
import { endingSecondsOf, tokenEvent, updates } from './tokens.ts';

/** How long a replaced token must have been quiet unless told otherwise. Seconds. */
export const DEFAULT_QUIET_SECONDS = 86_400;

/** What is known of the use of the two tokens: the last uses that were recorded, each a lower bound. */
export interface GraceEvidence {
  readonly oldUsedAt: EpochSeconds | undefined;
  readonly successorUsedAt: EpochSeconds | undefined;
}

export interface GraceEnd extends GraceEvidence {
  readonly old: TokenRecord;
  /** What `old.replacedBy` names now, if anything. */
  readonly successor: TokenRecord | undefined;
  /** The ring as it is now. */
  readonly ring: KeyRing | undefined;
  /** Seconds for which the old token must not have been used. */
  readonly quietFor: number;
}

/**
 * Ends the old token now, or changes nothing where it has ended already. Throws `WRONG_STATE` unless a live successor
 * took its place, and `EVIDENCE_MISSING` unless that one was used and the old one was not for `quietFor`.
 */
export function finishRotation(client: Client, end: GraceEnd, context: ChangeContext): ClientChange | undefined {
  const { old, successor, ring } = end;
  const now = context.at / 1000;
  if (successor === undefined) throw notReplaced(old);
  if (successor.state === 'pending') throw notActivated(old, successor);
  const denial = (record: TokenRecord): ReturnType<typeof judgeRecord> =>
    judgeRecord(
      record,
      client,
      ring?.keys.find(({ kid }) => kid === record.kid),
      now,
    );
  if (isOver(old, denial(old), now)) return undefined;
  const reason = denial(successor);
  if (reason !== undefined) throw successorDenied(old, successor, reason);
  requireEvidence(end, successor, now);
  const ended: TokenRecord = { ...old, liveUntil: Math.min(old.liveUntil, endingSecondsOf(context)) };
  const event = withReason(tokenEvent('token.replaced', old, ended), evidenceNote(end));
  return clientChange(client, client, updates([{ before: old, after: ended }]), [event], context);
}

/** From when on the old token counts as quiet: before its successor was issued nobody could have changed to that one. */
function quietSince(successor: Pick<TokenRecord, 'iat'>, { oldUsedAt }: GraceEvidence): EpochSeconds {
  return oldUsedAt ?? successor.iat;
}

/** Whether the successor was used, and the old token was not for so many seconds. */
export function evidenceHolds(
  successor: Pick<TokenRecord, 'iat'>,
  evidence: GraceEvidence,
  quietFor: number,
  now: number,
): boolean {
  return evidence.successorUsedAt !== undefined && now - quietSince(successor, evidence) >= quietFor;
}

function requireEvidence(end: GraceEnd, successor: TokenRecord, now: number): void {
  const { old, successorUsedAt, oldUsedAt, quietFor } = end;
  if (evidenceHolds(successor, end, quietFor, now)) return;
  const anyway = `to end it all the same: apikey revoke ${old.jti}`;
  if (successorUsedAt === undefined) {
    throw new RefusedError('EVIDENCE_MISSING', `nothing shows that token ${old.jti} is not needed any more`, {
      why:
        oldUsedAt === undefined
          ? `no use was ever recorded of it or of its successor ${successor.jti}: the authorizers of this environment may not record usage`
          : `no use of its successor ${successor.jti} was recorded; it was itself last used at ${formatSeconds(oldUsedAt)}`,
      fix: `wait until whoever uses it has changed to the new token; ${anyway}`,
    });
  }
  const since = quietSince(successor, end);
  const until = formatSeconds(since + quietFor);
  throw new RefusedError('EVIDENCE_MISSING', `token ${old.jti} may still be needed`, {
    why:
      oldUsedAt === undefined
        ? `no use of it was recorded, but it was replaced at ${formatSeconds(since)}, less than ${formatDuration(quietFor)} ago`
        : `it was last used at ${formatSeconds(oldUsedAt)}, less than ${formatDuration(quietFor)} ago`,
    fix:
      endOfLife(old) <= since + quietFor
        ? `nothing: its grace ends at ${formatSeconds(endOfLife(old))}; ${anyway}`
        : `run it again after ${until}, if it is not used until then; ${anyway}`,
  });
}

function at(seconds: EpochSeconds | undefined): string {
  return seconds === undefined ? 'never' : formatSeconds(seconds);
}

/** For the audit log: what the decision rested on. */
function evidenceNote({ oldUsedAt, successorUsedAt, quietFor }: GraceEnd): string {
  return `grace ended early: last used ${at(oldUsedAt)}, its successor ${at(successorUsedAt)}; quiet for ${formatDuration(quietFor)}`;
}

function notReplaced({ jti, replaces }: TokenRecord): RefusedError {
  return new RefusedError('WRONG_STATE', `token ${jti} has no successor`, {
    why: 'only the grace of a token that was replaced can be ended early',
    fix:
      replaces === undefined
        ? `rotate it first: apikey rotate ${jti}`
        : `if you mean the token that it replaces: apikey rotate --finish ${replaces}`,
  });
}

function notActivated({ jti }: TokenRecord, successor: TokenRecord): RefusedError {
  return new RefusedError('WRONG_STATE', `the rotation of token ${jti} is not complete`, {
    why: `its successor ${successor.jti} is pending: it was never activated, so that nobody can use it`,
    fix: `whoever holds the new token: apikey activate ${successor.jti}; otherwise: apikey rotate ${jti} --take-over`,
  });
}

function successorDenied({ jti }: TokenRecord, successor: TokenRecord, reason: string): RefusedError {
  return new RefusedError('WRONG_STATE', `token ${jti} is all that its user has`, {
    why: `its successor ${successor.jti} is not live (${reason})`,
    fix: `rotate it again, or end it all the same: apikey revoke ${jti}`,
  });
}
