/** A token's life as a timeline draws it: stretches of time in which it was one thing, and how it ends. */
import { endOfLife, type EpochSeconds, type RingKey, type TokenRecord, type TokenView } from '@apikey/shared';

/** `stopped`: denied for now, because its client is suspended. */
type PhaseKind = 'pending' | 'live' | 'grace' | 'stopped';

export interface Phase {
  readonly kind: PhaseKind;
  readonly from: EpochSeconds;
  readonly until: EpochSeconds;
}

type EndKind = 'revoked' | 'ended' | 'to come';

export interface Life {
  /** In order, without gaps. */
  readonly phases: readonly Phase[];
  readonly end: { readonly kind: EndKind; readonly at: EpochSeconds };
  /** When its replacement was prepared. */
  readonly rotatedAt: EpochSeconds | undefined;
}

/** What a token's record does not tell: changes of its client, from the client's events. */
export interface ClientHistory {
  /** By the epoch that ended, when. */
  readonly epochEnds: ReadonlyMap<number, EpochSeconds>;
  readonly suspendedAt: EpochSeconds | undefined;
}

export interface LifeContext {
  readonly history: ClientHistory | undefined;
  readonly key: RingKey | undefined;
  /** The token that takes its place, if its record is at hand. */
  readonly successor: TokenRecord | undefined;
  readonly now: EpochSeconds;
}

export function lifeOf({ record, reason }: Pick<TokenView, 'record' | 'reason'>, context: LifeContext): Life {
  const { history, successor, now } = context;
  const start = record.iat;
  const stop = stoppedFor({ record, reason }, context);
  const natural = endOfLife(record);
  const end = Math.max(start, Math.min(natural, stop ?? natural));
  const kind = stop !== undefined && stop < natural ? 'revoked' : end > now ? 'to come' : 'ended';
  if (record.state === 'pending')
    return { phases: phases(['pending', start, end]), end: { kind, at: end }, rotatedAt: undefined };
  const rotatedAt = rotation(record, successor, end);
  const suspendedAt = reason === 'client_suspended' ? (history?.suspendedAt ?? now) : Infinity;
  const graceFrom = rotatedAt ?? end;
  return {
    phases: phases(
      ['live', start, Math.min(graceFrom, suspendedAt)],
      ['grace', graceFrom, Math.min(end, suspendedAt)],
      ['stopped', Math.max(start, suspendedAt), end],
    ),
    end: { kind, at: end },
    rotatedAt,
  };
}

/** When something other than time ended it. */
function stoppedFor(
  { record, reason }: Pick<TokenView, 'record' | 'reason'>,
  { history, key, now }: LifeContext,
): EpochSeconds | undefined {
  if (record.state === 'revoked') return record.revokedAt ?? record.iat;
  if (reason === 'client_revoked') return history?.epochEnds.get(record.epoch) ?? now;
  if (reason === 'key_revoked') return key?.revokedAt ?? now;
  if (reason === 'key_retired') return key?.retiredAt ?? now;
  return undefined;
}

/** A claim alone, by a replacement that is still pending, has not begun the grace period. */
function rotation(
  record: TokenRecord,
  successor: TokenRecord | undefined,
  end: EpochSeconds,
): EpochSeconds | undefined {
  if (record.replacedBy === undefined) return undefined;
  const begun = record.liveUntil < record.exp || (successor !== undefined && successor.state !== 'pending');
  if (!begun) return undefined;
  return Math.min(end, Math.max(record.iat, successor?.iat ?? record.liveUntil));
}

function phases(...candidates: readonly (readonly [PhaseKind, EpochSeconds, EpochSeconds])[]): Phase[] {
  return candidates.filter(([, from, until]) => until > from).map(([kind, from, until]) => ({ kind, from, until }));
}

/** Stretches in which at least one of several tokens was live, and those in which some were stopped: a client at one glance. */
export function mergedLives(lives: readonly Life[]): Phase[] {
  return [...merged('live', lives, ['live', 'grace']), ...merged('stopped', lives, ['stopped'])];
}

function merged(kind: PhaseKind, lives: readonly Life[], kinds: readonly PhaseKind[]): Phase[] {
  const open = lives
    .flatMap((life) => life.phases.filter((phase) => kinds.includes(phase.kind)))
    .toSorted((a, b) => a.from - b.from);
  const stretches: Phase[] = [];
  for (const { from, until } of open) {
    const last = stretches.at(-1);
    if (last !== undefined && from <= last.until) {
      stretches[stretches.length - 1] = { ...last, until: Math.max(last.until, until) };
    } else {
      stretches.push({ kind, from, until });
    }
  }
  return stretches;
}
