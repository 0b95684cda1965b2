/**
 * Where each item lies in the table: the data contract of DESIGN section 9, and nothing else makes keys.
 *
 * One item kind is beyond that table: `BUCKETS#EVENTS` / `2027-01-15` and `BUCKETS#TOKENS` / `2027-04` say that this
 * day or month of the index `by-time` holds something. They let a report over "everything" ask for the buckets that
 * exist instead of for every day since 1970. They are written once per bucket, before the commit that needs it, are
 * never deleted, and hold nothing but their key. Another are the seals of the audit log, see seals.ts.
 *
 * A token record lies in the index where its life ends, and moves there with the commit that brings its end forward.
 * Older versions left it where it expires. Such an item is found there until its record is next written: too late for a
 * report that asks by the end of its grace, which is over soon, and in time for all that ask for the rest of time.
 */
import type { AggregateRef } from '../../domain/records.ts';
import { formatSeconds, MAX_EPOCH_SECONDS } from '../../domain/time.ts';

export const TABLE_KEYS = { partition: 'pk', sort: 'sk' } as const;
/** When DynamoDB may delete the item, in epoch seconds. */
export const TTL_ATTRIBUTE = 'ttl';
/** How long the table keeps token, pointer, request, usage and notice items after their token has expired. */
export const DEFAULT_RETENTION_SECONDS: number = 400 * 86_400;
/** The index for reports: projects everything, and is eventually consistent. */
export const INDEX = 'by-time';
export const INDEX_KEYS = { partition: 'bucket', sort: 'position' } as const;

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** Where an item lies in the index. */
export interface IndexKey {
  readonly bucket: string;
  readonly position: string;
}

/** The sort keys of a client's token records begin so. */
export const TOKEN_PREFIX = 'TOKEN#';

export function clientPartition(id: string): string {
  return `CLIENT#${id}`;
}
export function clientKey(id: string): Key {
  return { pk: clientPartition(id), sk: 'CLIENT' };
}
export function tokenKey(client: string, jti: string): Key {
  return { pk: clientPartition(client), sk: `${TOKEN_PREFIX}${jti}` };
}
/** Says which client a token belongs to; never changes. */
export function pointerKey(jti: string): Key {
  return { pk: `JTI#${jti}`, sk: 'JTI' };
}
export function ringKey(name: string): Key {
  return { pk: `RING#${name}`, sk: 'RING' };
}
export function requestKey(id: string): Key {
  return { pk: `REQUEST#${id}`, sk: 'REQUEST' };
}
/** When a token was last used, if authorizers track that. */
export function usageKey(jti: string): Key {
  return { pk: `USAGE#${jti}`, sk: 'USAGE' };
}
/** That somebody was told so many days before a token's end. */
export function noticeKey(jti: string, days: number): Key {
  return { pk: `NOTICE#${jti}`, sk: padded(days) };
}
export function eventsPartition({ kind, id }: AggregateRef): string {
  return `EVENTS#${kind === 'client' ? 'CLIENT' : 'RING'}#${id}`;
}
export function eventKey(aggregate: AggregateRef, seq: number): Key {
  return { pk: eventsPartition(aggregate), sk: padded(seq) };
}

/** Lists the seals by name. */
export const SEALS_LIST = 'SEALS#LIST';
export function sealEntryKey(name: string): Key {
  return { pk: SEALS_LIST, sk: name };
}
export function sealPartition(name: string): string {
  return `SEALS#${name}`;
}
export function sealPartKey(name: string, part: number): Key {
  return { pk: sealPartition(name), sk: padded(part) };
}

export type BucketKind = 'TOKENS' | 'EVENTS';

/** The partition that lists the buckets of a kind by name. */
export function bucketsPartition(kind: BucketKind): string {
  return `BUCKETS#${kind}`;
}
export function bucketName(kind: BucketKind, name: string): string {
  return `${kind}#${name}`;
}

/** All clients, by id. */
export const CLIENTS_BUCKET = 'CLIENTS';
/** All requests, by client, then id. */
export const REQUESTS_BUCKET = 'REQUESTS';

/** `2027-04`: the month of an end, which names its bucket; times beyond the calendar fall on its ends. */
export function monthOf(seconds: number): string {
  return formatSeconds(Math.min(Math.max(seconds, 0), MAX_EPOCH_SECONDS)).slice(0, 7);
}
/** `2027-01-15`: the day of an event's time. */
export function dayOf(at: string): string {
  return at.slice(0, 10);
}

/** Positions in a month sort by the end of a life, then `jti`. */
export function endPosition(end: number, jti: string): string {
  return `${padded(end)}#${jti}`;
}
/** Positions in a day sort by time, then aggregate, then number: `#` sorts before all that a name may hold. */
export function eventPosition(at: string, aggregate: string, seq: number): string {
  return `${at}#${aggregate}#${padded(seq)}`;
}

/** What the positions of a client's requests begin with: `#` sorts before all that the name of a client may hold. */
export function requestPrefix(client: string): string {
  return `${client}#`;
}
export function requestPosition(client: string, id: string): string {
  return `${requestPrefix(client)}${id}`;
}

/** So many digits hold all times and numbers that can be written, and sort as text. */
export function padded(value: number): string {
  return String(value).padStart(12, '0');
}
