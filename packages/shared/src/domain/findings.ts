/** What a check of the audit trail may find: a closed set, each naming where it was seen and how it differs. */
import type { Json } from './records.ts';

export const FINDING_KINDS = {
  event_sequence: 'an event is missing, repeated or out of order',
  event_link: 'an event does not name the hash of the event before it',
  event_hash: 'an event is not what was hashed when it was written',
  event_aggregate: 'an event stands in the chain of another aggregate',
  event_unlawful: 'an event tells of a change that apikey never makes',
  event_before: 'an event starts from another state than the events before it led to',
  event_backwards: 'an event is dated before the event in front of it: a clock was wrong when one of them was written',
  event_future: 'an event is dated later than now: a clock was wrong when it was written, or is wrong here',
  head_differs: 'the end of the chain is not the one that its aggregate names',
  aggregate_missing: 'there are events, but not the client or key ring that they are about',
  state_differs: 'what is stored is not what the events led to',
  record_unexplained: 'a token record or key is stored that no event made',
  record_missing: 'events made a token record or key that is not stored',
  grant_unproven: 'an event prepares a token, and no grant of a signing key vouches for it',
  request_differs: 'a stored request is not the one that its event tells of',
  request_unexplained: 'a request is stored that no event tells of',
  request_missing: 'an event tells of a request that is not stored',
  damaged: 'an entry cannot be read',
  sealed_missing: 'a sealed client or key ring is gone, with all its events',
  sealed_cut: 'a chain is shorter than it was when it was sealed',
  sealed_differs: 'an event is not the one that was sealed',
  seal_untrusted: 'the seal was made by a key that must not sign seals',
} as const;

export type FindingKind = keyof typeof FINDING_KINDS;

/** What a wrong clock leaves behind: nothing was changed since it was written, and nothing is missing. */
export function isAboutClocks({ kind }: Pick<Finding, 'kind'>): boolean {
  return kind === 'event_backwards' || kind === 'event_future';
}

export interface Difference {
  /** Member of the event, record, client or key. */
  readonly field: string;
  /** What the events say, `null` = absent. */
  readonly expected: Json;
  readonly found: Json;
}

export interface Finding {
  /** `client:<id>` or `ring:<name>`; `registry` or `export` for what belongs to none. */
  readonly aggregate: string;
  readonly kind: FindingKind;
  /** The event at which it was seen. */
  readonly seq?: number;
  /** The `jti`, `kid`, client id or request id that it is about. */
  readonly subject?: string;
  readonly difference?: Difference;
  /** What the kind and the difference do not say. */
  readonly note?: string;
}
