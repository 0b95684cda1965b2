/** What the table of an environment must be like; `init` makes it so, `doctor` compares. */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { INDEX, INDEX_KEYS, TABLE_KEYS, TTL_ATTRIBUTE } from './keys.ts';

export interface TableSpec {
  readonly name: string;
  readonly keys: { readonly partition: string; readonly sort: string };
  readonly index: {
    readonly name: string;
    readonly partition: string;
    readonly sort: string;
    readonly projection: string;
  };
  readonly ttlAttribute: string;
  readonly billing: 'PAY_PER_REQUEST';
  readonly deletionProtection: true;
  readonly pointInTimeRecovery: true;
  /** Set when the table is made; whoever adds others later may. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Marks what belongs to apikey, for cost reports and for policies; its value is the table's name. */
export const OWNER_TAG = 'apikey:registry';

export function tableSpec(name: string, tags: Readonly<Record<string, string>> = {}): TableSpec {
  return {
    name,
    keys: TABLE_KEYS,
    index: { name: INDEX, ...INDEX_KEYS, projection: 'ALL' },
    ttlAttribute: TTL_ATTRIBUTE,
    billing: 'PAY_PER_REQUEST',
    deletionProtection: true,
    pointInTimeRecovery: true,
    tags: { ...tags, [OWNER_TAG]: name },
  };
}

/** Everything of a spec that `CreateTable` can set; TTL and point-in-time recovery are calls of their own. */
export function createTableInput({ name, keys, index, billing, tags }: TableSpec): CreateTableCommandInput {
  const attributes = [keys.partition, keys.sort, index.partition, index.sort];
  return {
    TableName: name,
    AttributeDefinitions: attributes.map((attribute) => ({ AttributeName: attribute, AttributeType: 'S' as const })),
    KeySchema: keySchema(keys),
    GlobalSecondaryIndexes: [
      { IndexName: index.name, KeySchema: keySchema(index), Projection: { ProjectionType: 'ALL' } },
    ],
    BillingMode: billing,
    DeletionProtectionEnabled: true,
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  };
}

function keySchema({ partition, sort }: { partition: string; sort: string }): {
  AttributeName: string;
  KeyType: 'HASH' | 'RANGE';
}[] {
  return [
    { AttributeName: partition, KeyType: 'HASH' },
    { AttributeName: sort, KeyType: 'RANGE' },
  ];
}
