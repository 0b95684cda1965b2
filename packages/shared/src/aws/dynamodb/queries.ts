/** Queries of one partition, of the table or of its index, page by page as they are consumed. Nothing ever scans. */
import { QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { Session } from '../session.ts';
import { toAttributes, type Item } from './attributes.ts';
import { INDEX, INDEX_KEYS, TABLE_KEYS } from './keys.ts';
import type { DynamoClient } from './reads.ts';

/** By sort key, as DynamoDB stores a partition. */
export type Order = 'ascending' | 'descending';

/** Which part of a partition; without either, all of it. Both ends of a range belong to it. */
export type Extent = { readonly prefix: string } | { readonly from: string; readonly to: string };

export class TableQueries {
  readonly #session: Session<DynamoClient>;
  readonly #table: string;
  readonly #pageSize: number;

  constructor(session: Session<DynamoClient>, table: string, pageSize: number) {
    this.#session = session;
    this.#table = table;
    this.#pageSize = pageSize;
  }

  /** A partition of the table, strongly consistent. */
  partition(pk: string, extent?: Extent, order?: Order): AsyncGenerator<Item> {
    return this.#all({ ConsistentRead: true, ...condition(TABLE_KEYS, pk, extent) }, order);
  }

  /** A partition of the index, eventually consistent, by position. */
  bucket(bucket: string, extent?: Extent, order?: Order): AsyncGenerator<Item> {
    return this.#all({ IndexName: INDEX, ...condition(INDEX_KEYS, bucket, extent) }, order);
  }

  /** The item of a partition of the table with the greatest sort key, strongly consistent. */
  async last(pk: string): Promise<Item | undefined> {
    const query = { ConsistentRead: true, ...condition(TABLE_KEYS, pk, undefined) };
    const input = { ...query, TableName: this.#table, Limit: 1, ScanIndexForward: false };
    const page = await this.#session.run({ action: 'dynamodb:Query', resource: this.#table }, (client, abortSignal) =>
      client.send(new QueryCommand(input), { abortSignal }),
    );
    return page.Items?.[0];
  }

  async *#all(query: Omit<QueryCommandInput, 'TableName'>, order: Order = 'ascending'): AsyncGenerator<Item> {
    const whole = { ...query, TableName: this.#table, Limit: this.#pageSize, ScanIndexForward: order === 'ascending' };
    let start: Item | undefined;
    do {
      const input = { ...whole, ExclusiveStartKey: start };
      const page = await this.#session.run({ action: 'dynamodb:Query', resource: this.#table }, (client, abortSignal) =>
        client.send(new QueryCommand(input), { abortSignal }),
      );
      yield* page.Items ?? [];
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }
}

function condition(
  keys: { readonly partition: string; readonly sort: string },
  partition: string,
  extent: Extent | undefined,
): Omit<QueryCommandInput, 'TableName'> {
  const names = { '#partition': keys.partition };
  const equal = '#partition = :partition';
  if (extent === undefined) {
    return {
      KeyConditionExpression: equal,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: toAttributes({ ':partition': partition }),
    };
  }
  const within = 'prefix' in extent ? 'begins_with(#sort, :prefix)' : '#sort BETWEEN :from AND :to';
  const values = 'prefix' in extent ? { ':prefix': extent.prefix } : { ':from': extent.from, ':to': extent.to };
  return {
    KeyConditionExpression: `${equal} AND ${within}`,
    ExpressionAttributeNames: { ...names, '#sort': keys.sort },
    ExpressionAttributeValues: toAttributes({ ':partition': partition, ...values }),
  };
}
