/** One change as the items of one transaction, each with what must hold for it to be written. */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Change, ClientChange } from '../../domain/change.ts';
import { endOfLife } from '../../domain/liveness.ts';
import type { TokenRecord } from '../../domain/records.ts';
import { toAttributes, type Item } from './attributes.ts';
import { clientItem, eventItem, pointerItem, requestItem, ringItem, tokenItem } from './items.ts';
import { keyOf, updateOf, withValues } from './updates.ts';
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
 * How many items of a transaction a change takes at most: the aggregate, each event, two for each new token (its record and
 * its pointer), one for each changed record and each request.
 */
export function countCommitItems(change: Change): number {
  if (change.kind === 'ring') return 1 + change.events.length;
  const { created, updated, requests, events } = change;
  return 1 + events.length + 2 * created.length + updated.length + requests.length;
}

export function commitItems(table: string, change: Change, retention: number): CommitItem[] {
  const writes = [
    aggregateWrite(change),
    ...(change.kind === 'client' ? recordWrites(change, retention) : []),
    // Events are only ever added: not even a head that was tampered with makes apikey overwrite one.
    ...change.events.map((event) => added('chain', eventItem(event))),
  ];
  return writes.flatMap((write) => transactItems(table, write));
}

interface Write {
  readonly expectation: Expectation;
  readonly item: Item;
  readonly condition: Condition;
  /** The item as it was read: then only what differs is written, since a role may change no more than that. */
  readonly before?: Item | undefined;
}

function aggregateWrite(change: Change): Write {
  const condition = versionIs(change.expectedVersion);
  if (change.kind === 'ring') {
    const before = change.before && ringItem(change.before);
    return { expectation: 'version', item: ringItem(change.ring), condition, before };
  }
  const before = change.before?.client && clientItem(change.before.client);
  return { expectation: 'version', item: clientItem(change.client), condition, before };
}

function recordWrites({ created, updated, requests, before }: ClientChange, retention: number): Write[] {
  const known = new Map(before?.records.map((record) => [record.jti, tokenItem(record, retention)]));
  return [
    ...requests.map((request) => added('request', requestItem(request, retention))),
    ...created.flatMap((record) => [
      added('token', tokenItem(record, retention)),
      added('token', pointerItem(record, retention)),
    ]),
    ...updated.map((record): Write => ({
      expectation: 'token',
      item: tokenItem(record, retention),
      condition: PRESENT,
      before: known.get(record.jti),
    })),
  ];
}

function added(expectation: Expectation, item: Item): Write {
  return { expectation, item, condition: ABSENT };
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

/** One item of the transaction, or none where nothing differs. */
function transactItems(TableName: string, { expectation, item, condition, before }: Write): CommitItem[] {
  if (before === undefined) return [{ expectation, write: { Put: { TableName, Item: item, ...condition } } }];
  const update = updateOf(before, item);
  if (update === undefined) return [];
  const Update = {
    TableName,
    Key: keyOf(item),
    ConditionExpression: condition.ConditionExpression,
    UpdateExpression: update.expression,
    ExpressionAttributeNames: { ...condition.ExpressionAttributeNames, ...update.names },
    ...withValues({ ...condition.ExpressionAttributeValues, ...update.values }),
  };
  return [{ expectation, write: { Update } }];
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
