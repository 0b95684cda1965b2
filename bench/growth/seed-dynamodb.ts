/** Fills a table with a population: the items are the product's, the commits are not. */
import { BatchWriteItemCommand, type DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb';
import { DEFAULT_RETENTION_SECONDS } from '@apikey/shared/dynamodb';
import type { AuditEvent, Client, KeyRing, TokenRecord } from '@apikey/shared';
import {
  bucketsPartition,
  clientItem,
  eventItem,
  INDEX_KEYS,
  pointerItem,
  ringItem,
  tokenItem,
} from '../harness/internals.ts';
import type { Population } from './population.ts';
import { rowsOf, type Row } from './rows.ts';
import { clientId, dueClients } from './shape.ts';

type Item = NonNullable<NonNullable<WriteRequest['PutRequest']>['Item']>;

/** What one BatchWriteItem takes. */
const BATCH = 25;
const AT_ONCE = 8;

export async function seedDynamo(client: DynamoDBClient, table: string, population: Population): Promise<void> {
  const items = itemsOf(population);
  // Each takes the next batch as soon as its last one was written.
  const writers = Array.from({ length: AT_ONCE }, async () => {
    for (let batch = take(items); batch.length > 0; batch = take(items)) {
      const requests = batch.map((item) => ({ PutRequest: { Item: item } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
    }
  });
  await Promise.all(writers);
}

function take(items: Iterator<Item>): Item[] {
  const batch: Item[] = [];
  while (batch.length < BATCH) {
    const { value, done } = items.next();
    if (done === true) break;
    batch.push(value);
  }
  return batch;
}

/**
 * Every client and token record. Events and pointers, which lie in partitions of their own, only of the clients that are
 * looked at: MiniStack takes 3,000 items a second.
 */
function* itemsOf(population: Population): Generator<Item> {
  const lookedAt = new Set(population.real.map(({ record }) => record.client));
  for (const client of dueClients(population.shape)) lookedAt.add(clientId(client));
  const buckets = new Set<string>();
  for (const row of rowsOf(population)) {
    for (const item of encoded(row, lookedAt)) {
      yield item;
      const bucket = item[INDEX_KEYS.partition]?.S ?? '';
      if (bucket.includes('#')) buckets.add(bucket);
    }
  }
  for (const bucket of buckets) {
    const [kind = '', period = ''] = bucket.split('#');
    yield { pk: { S: bucketsPartition(kind === 'TOKENS' ? 'TOKENS' : 'EVENTS') }, sk: { S: period } };
  }
}

function encoded({ kind, document }: Row, lookedAt: ReadonlySet<string>): Item[] {
  const value: unknown = JSON.parse(document);
  // The documents were made by the product.
  if (kind === 'client') return [clientItem(value as Client)];
  if (kind === 'ring') return [ringItem(value as KeyRing)];
  if (kind === 'token') {
    const record = value as TokenRecord;
    const item = tokenItem(record, DEFAULT_RETENTION_SECONDS);
    return lookedAt.has(record.client) ? [item, pointerItem(record, DEFAULT_RETENTION_SECONDS)] : [item];
  }
  const event = value as AuditEvent;
  const [of, id = ''] = event.aggregate.split(':');
  return of === 'client' && !lookedAt.has(id) ? [] : [eventItem(event)];
}
