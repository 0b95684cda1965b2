/**
 * Stands in for DynamoDB: the calls and conditions that the registry relies on, evaluated for real; it passes the
 * registry's contract suite. A process of its own, so that its work is not done in the time of those who call it.
 */
import { serve, Refusal } from './aws-service.ts';
import { holds, type Item } from './expressions.ts';
import { updated, type ItemUpdate } from './updates.ts';
import { Table, type KeyNames } from './table.ts';

interface Named {
  readonly TableName: string;
}

interface Put extends Named {
  readonly Item: Item;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
}

interface Update extends Omit<Put, 'Item'>, ItemUpdate {}

/** One write of a transaction. */
type Write = { readonly Put: Put } | { readonly Update: Update };

interface Query extends Named {
  readonly IndexName?: string;
  readonly KeyConditionExpression: string;
  readonly ExpressionAttributeValues: Item;
  readonly Limit?: number;
  readonly ScanIndexForward?: boolean;
  readonly ExclusiveStartKey?: Item;
}

interface Schema {
  readonly KeySchema: readonly { readonly AttributeName: string; readonly KeyType: string }[];
}

/** As much as one transaction, or one read of many, may have. */
const MOST = 100;
const TWICE = 'more than 100 items, or one of them twice';

const tables = new Map<string, Table>();
const descriptions = new Map<string, object>();

function table({ TableName }: Named): Table {
  const found = tables.get(TableName);
  if (found === undefined) throw new Refusal('ResourceNotFoundException', `no table ${TableName}`);
  return found;
}

function allows(put: Omit<Put, 'Item'>, key: Item): boolean {
  const {
    ConditionExpression: text,
    ExpressionAttributeNames: names = {},
    ExpressionAttributeValues: values = {},
  } = put;
  return text === undefined || holds({ text, names, values }, table(put).get(key));
}

function putItem(put: Put): object {
  if (!allows(put, put.Item)) throw new Refusal('ConditionalCheckFailedException');
  table(put).put(put.Item);
  return {};
}

/** All of them or none. The server does one call at a time, so that nothing comes in between. */
function transactWriteItems({ TransactItems }: { readonly TransactItems: readonly Write[] }): object {
  const writes = TransactItems.map((write) =>
    'Put' in write ? { ...write.Put, key: write.Put.Item } : { ...write.Update, key: write.Update.Key },
  );
  const names = new Set(writes.map((write) => `${write.TableName}\0${table(write).nameOf(write.key)}`));
  if (writes.length > MOST || names.size < writes.length) throw new Refusal('ValidationException', TWICE);
  const CancellationReasons = writes.map((write) => ({
    Code: allows(write, write.key) ? 'None' : 'ConditionalCheckFailed',
  }));
  if (CancellationReasons.some(({ Code }) => Code !== 'None')) {
    throw new Refusal('TransactionCanceledException', 'Transaction cancelled', { CancellationReasons });
  }
  for (const write of writes)
    table(write).put('Item' in write ? write.Item : updated(write, table(write).get(write.Key)));
  return {};
}

function batchGetItem({
  RequestItems,
}: {
  readonly RequestItems: Readonly<Record<string, { readonly Keys: Item[] }>>;
}): object {
  const Responses: Record<string, Item[]> = {};
  for (const [TableName, { Keys }] of Object.entries(RequestItems)) {
    const from = table({ TableName });
    const distinct = new Set(Keys.map((key) => from.nameOf(key)));
    if (Keys.length > MOST || distinct.size < Keys.length) throw new Refusal('ValidationException', TWICE);
    Responses[TableName] = Keys.map((key) => from.get(key)).filter((item) => item !== undefined);
  }
  return { Responses, UnprocessedKeys: {} };
}

const EXTENT = /^#partition = :partition(?: AND (begins_with\(#sort, :prefix\)|#sort BETWEEN :from AND :to))?$/;

function query(input: Query): object {
  const from = table(input);
  const {
    IndexName,
    KeyConditionExpression,
    ExpressionAttributeValues: values,
    Limit,
    ExclusiveStartKey: start,
  } = input;
  const of = IndexName === undefined ? 'table' : 'index';
  const condition = EXTENT.exec(KeyConditionExpression);
  if (condition === null) throw new Refusal('ValidationException', KeyConditionExpression);
  const keys = of === 'table' ? from.keys : from.index;
  const [first, last, prefix] = [':from', ':to', ':prefix'].map((name) => values[name]?.S);
  const forward = input.ScanIndexForward ?? true;
  const after = start && from.placeOf(of, start);
  const inOrder = from.partition(of, values[':partition']?.S ?? '');
  const found = (forward ? inOrder : inOrder.toReversed()).filter((item) => {
    const sort = item[keys.sort]?.S ?? '';
    const place = from.placeOf(of, item);
    if (after !== undefined && (forward ? place <= after : place >= after)) return false;
    return prefix === undefined
      ? sort >= (first ?? '') && (last === undefined || sort <= last)
      : sort.startsWith(prefix);
  });
  const page = found.slice(0, Limit);
  const end = page.length === Limit ? page.at(-1) : undefined;
  return { Items: page, Count: page.length, ...(end === undefined ? {} : { LastEvaluatedKey: keyOf(end, from) }) };
}

function keyOf(item: Item, { keys, index }: Table): Item {
  const names = new Set([keys.partition, keys.sort, index.partition, index.sort]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}

function createTable(input: Named & Schema & { readonly GlobalSecondaryIndexes: readonly Schema[] }): object {
  if (tables.has(input.TableName)) throw new Refusal('ResourceInUseException');
  const [index] = input.GlobalSecondaryIndexes;
  if (index === undefined) throw new Refusal('ValidationException', 'no index');
  tables.set(input.TableName, new Table(keyNames(input), keyNames(index)));
  const description = {
    ...input,
    TableStatus: 'ACTIVE',
    TableArn: `arn:aws:dynamodb:us-east-1:111122223333:table/${input.TableName}`,
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    GlobalSecondaryIndexes: input.GlobalSecondaryIndexes.map((it) => ({ ...it, IndexStatus: 'ACTIVE' })),
  };
  descriptions.set(input.TableName, description);
  return { TableDescription: description };
}

function keyNames({ KeySchema }: Schema): KeyNames {
  const named = (type: string): string => KeySchema.find(({ KeyType }) => KeyType === type)?.AttributeName ?? '';
  return { partition: named('HASH'), sort: named('RANGE') };
}

function deleteTable({ TableName }: Named): object {
  tables.delete(TableName);
  descriptions.delete(TableName);
  return {};
}

const calls = {
  CreateTable: createTable,
  DescribeTable: (input: Named) => table(input) && { Table: descriptions.get(input.TableName) },
  UpdateTable: () => ({}),
  DeleteTable: deleteTable,
  DescribeTimeToLive: () => ({ TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' } }),
  DescribeContinuousBackups: () => ({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' },
    },
  }),
  UpdateTimeToLive: () => ({}),
  UpdateContinuousBackups: () => ({}),
  GetItem: ({ Key, ...input }: Named & { readonly Key: Item }) => ({ Item: table(input).get(Key) }),
  BatchGetItem: batchGetItem,
  PutItem: putItem,
  Query: query,
  TransactWriteItems: transactWriteItems,
};

await serve(calls, Number(process.argv[2] ?? 0));
