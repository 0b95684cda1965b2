/** One change as the items of one transaction, each with what must hold for it to be written. */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Change, ClientChange } from '../../domain/change.ts';
import { endOfLife } from '../../domain/liveness.ts';
import type { TokenRecord } from '../../domain/records.ts';
import { toAttributes, type Item } from './attributes.ts';
import { clientItem, eventItem, pointerItem, requestItem, ringItem, tokenItem } from './items.ts';
import { bucketName, bucketsPartition, dayOf, monthOf, type BucketKind, type Key } from './keys.ts';

/** DynamoDB's limit for one transaction. A larger change has to be split into several commits of its client. */
export const MAX_COMMIT_ITEMS = 100;

/** What a failed condition says about the change. */
export type Expectation = 'version' | 'request' | 'token' | 'chain';

export interface CommitItem {
  readonly expectation: Expectation;
  readonly write: TransactWriteItem;
}

/**
 * How many items of a transaction a change takes: the aggregate, each event, two for each new token (its record and
 * its pointer), one for each changed record and each request.
 */
export function countCommitItems(change: Change): number {
  if (change.kind === 'ring') return 1 + change.events.length;
  const { created, updated, requests, events } = change;
  return 1 + events.length + 2 * created.length + updated.length + requests.length;
}

export function commitItems(table: string, change: Change, retention: number): CommitItem[] {
  const put = (expectation: Expectation, item: Item, condition: Condition): CommitItem => ({
    expectation,
    write: { Put: { TableName: table, Item: item, ...condition } },
  });
  const aggregate = change.kind === 'client' ? clientItem(change.client) : ringItem(change.ring);
  return [
    put('version', aggregate, versionIs(change.expectedVersion)),
    ...(change.kind === 'client' ? recordItems(change, retention, put) : []),
    // Events are only ever added: not even a head that was tampered with makes apikey overwrite one.
    ...change.events.map((event) => put('chain', eventItem(event), ABSENT)),
  ];
}

type Put = (expectation: Expectation, item: Item, condition: Condition) => CommitItem;

function recordItems({ created, updated, requests }: ClientChange, retention: number, put: Put): CommitItem[] {
  return [
    ...requests.map((request) => put('request', requestItem(request, retention), ABSENT)),
    ...created.flatMap((record) => [
      put('token', tokenItem(record, retention), ABSENT),
      put('token', pointerItem(record, retention), ABSENT),
    ]),
    ...updated.map((record) => put('token', tokenItem(record, retention), PRESENT)),
  ];
}

interface Condition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
}
const ABSENT: Condition = { ConditionExpression: 'attribute_not_exists(pk)' };
const PRESENT: Condition = { ConditionExpression: 'attribute_exists(pk)' };

function versionIs(expected: number): Condition {
  if (expected === 0) return ABSENT;
  return {
    ConditionExpression: '#version = :expected',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: toAttributes({ ':expected': expected }),
  };
}

/** A bucket of the index that a change puts something into. */
export interface Bucket {
  readonly name: string;
  readonly key: Key;
}

/** The buckets of a change's events and tokens; a record whose end is its expiry was announced when it was new. */
export function bucketsOf(change: Change): Bucket[] {
  const placed = change.kind === 'client' ? [...change.created, ...change.updated.filter(isCutShort)] : [];
  const buckets = [
    ...placed.map((record) => bucket('TOKENS', monthOf(endOfLife(record)))),
    ...change.events.map(({ at }) => bucket('EVENTS', dayOf(at))),
  ];
  return [...new Map(buckets.map((it) => [it.name, it])).values()];
}

function isCutShort(record: TokenRecord): boolean {
  return endOfLife(record) < record.exp;
}

function bucket(kind: BucketKind, period: string): Bucket {
  return { name: bucketName(kind, period), key: { pk: bucketsPartition(kind), sk: period } };
}
