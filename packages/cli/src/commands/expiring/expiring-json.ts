/** Tokens that end soon, for programs: the field names and columns that cron jobs rely on. */
import { formatSeconds, type Attention, type TokenView } from '@apikey/shared';
import type { NamedCell } from '../listing.ts';

type Time = string | null;

export interface ExpiringJson {
  readonly client: string;
  readonly contact: string | null;
  readonly jti: string;
  readonly expiresAt: string;
  /** Sooner than `expiresAt` where it was replaced. */
  readonly liveUntil: string;
  readonly remainingSeconds: number;
  readonly lastUsedAt: Time;
  readonly replacedBy: string | null;
  /** False = nobody has a token for the time after. */
  readonly successorLive: boolean;
  readonly note: string | null;
  readonly attention: readonly Attention[];
}

export function expiringJson(view: TokenView): ExpiringJson {
  const { record, contact, remaining, lastUsedAt, successorLive, attention } = view;
  return {
    client: record.client,
    contact: contact ?? null,
    jti: record.jti,
    expiresAt: formatSeconds(record.exp),
    liveUntil: formatSeconds(record.liveUntil),
    remainingSeconds: remaining,
    lastUsedAt: lastUsedAt === undefined ? null : formatSeconds(lastUsedAt),
    replacedBy: record.replacedBy ?? null,
    successorLive,
    note: record.note ?? null,
    attention,
  };
}

/** Fixed, and in this order: scripts cut them by number. */
export const PIPED_CELLS: readonly NamedCell<TokenView>[] = [
  { name: 'client', cell: ({ record }) => record.client },
  { name: 'contact', cell: ({ contact }) => contact ?? '' },
  { name: 'jti', cell: ({ record }) => record.jti },
  { name: 'expiresAt', cell: ({ record }) => formatSeconds(record.exp) },
  { name: 'liveUntil', cell: ({ record }) => formatSeconds(record.liveUntil) },
  { name: 'lastUsedAt', cell: ({ lastUsedAt }) => (lastUsedAt === undefined ? '' : formatSeconds(lastUsedAt)) },
  { name: 'replacedBy', cell: ({ record }) => record.replacedBy ?? '' },
  { name: 'note', cell: ({ record }) => record.note ?? '', onRequest: true },
];
