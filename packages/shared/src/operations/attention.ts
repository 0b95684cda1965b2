/** What needs a person's attention: the closed set of findings, their thresholds, and the functions that judge. */
import { endOfLife } from '../domain/liveness.ts';
import type { Client, EpochSeconds, RingKey, TokenRecord } from '../domain/records.ts';

const DAY = 86_400;

/** A live token that ends within this time, and that no live token replaces, is expiring. Seconds. */
export const EXPIRING_SECONDS: number = 14 * DAY;
/** A live token without a use for longer than this is unused. Seconds. */
export const UNUSED_SECONDS: number = 45 * DAY;
/** A token or key that has been pending for longer than this was forgotten. Seconds. */
export const PENDING_SECONDS: number = DAY;

/**
 * Of tokens: `expiring`, `unused`, `pending`. Of clients: `no_contact`. Of keys: `past_date`, which is pending for
 * long, or retiring although nothing depends on it any more.
 */
export const ATTENTIONS = ['expiring', 'unused', 'pending', 'no_contact', 'past_date'] as const;
export type Attention = (typeof ATTENTIONS)[number];

export interface TokenFacts {
  readonly record: TokenRecord;
  readonly live: boolean;
  /** It can never be live again. */
  readonly over: boolean;
  readonly lastUsedAt: EpochSeconds | undefined;
  /** The token that replaces it is live: then its end is planned, and that nobody uses it is as it should be. */
  readonly successorLive: boolean;
}

/**
 * What a token needs. `usageKnown` says whether any use of any token is known: where usage is not recorded, every
 * token looks as if it had never been used.
 */
export function tokenAttention(token: TokenFacts, usageKnown: boolean, now: number): Attention[] {
  const { record, live, over, successorLive, lastUsedAt } = token;
  if (record.state === 'pending') return !over && now - record.iat > PENDING_SECONDS ? ['pending'] : [];
  if (!live || successorLive) return [];
  const unused = lastUsedAt === undefined ? usageKnown && looksUnused(token, now) : looksUnused(token, now);
  return [
    ...(endOfLife(record) - now <= EXPIRING_SECONDS ? (['expiring'] as const) : []),
    ...(unused ? (['unused'] as const) : []),
  ];
}

/** Whether the last use, or the time at which uses could begin, lies long ago. */
export function looksUnused({ record, lastUsedAt }: Pick<TokenFacts, 'record' | 'lastUsedAt'>, now: number): boolean {
  return now - (lastUsedAt ?? Math.max(record.iat, record.nbf ?? 0)) > UNUSED_SECONDS;
}

/** What a client needs itself; nobody has to be reached about one without tokens that are live or could become so. */
export function clientAttention({ contact }: Pick<Client, 'contact'>, openTokens: number): Attention[] {
  return openTokens > 0 && (contact ?? '') === '' ? ['no_contact'] : [];
}

export interface KeyFacts {
  readonly key: Pick<RingKey, 'state' | 'createdAt'>;
  /** Of a retiring key: when it may be retired. */
  readonly retireFrom: EpochSeconds | undefined;
}

export function keyAttention({ key, retireFrom = Infinity }: KeyFacts, now: number): Attention[] {
  const forgotten = key.state === 'pending' && now - key.createdAt > PENDING_SECONDS;
  return forgotten || (key.state === 'retiring' && retireFrom <= now) ? ['past_date'] : [];
}
