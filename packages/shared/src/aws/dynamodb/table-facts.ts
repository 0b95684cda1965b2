/** What a table is like now, in the terms of `TableSpec`. */
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type AttributeDefinition,
  type KeySchemaElement,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { ApikeyError } from '../../domain/errors.ts';
import { NotFoundError } from '../../ports/errors.ts';
import type { Session } from '../session.ts';
import { INDEX } from './keys.ts';
import type { DynamoClient } from './reads.ts';

/** Keys read as `pk (S)`; `none` where there is no such thing. */
export interface TableFacts {
  readonly arn: string;
  /** `ACTIVE`, `CREATING`, `UPDATING`, `DELETING`, ... */
  readonly status: string;
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly indexStatus: string;
  readonly indexPartitionKey: string;
  readonly indexSortKey: string;
  readonly indexProjection: string;
  readonly billing: string;
  readonly deletionProtection: boolean;
  /** `ENABLED`, `ENABLING`, `DISABLING` or `DISABLED`. */
  readonly ttlStatus: string;
  readonly ttlAttribute: string;
  readonly pointInTimeRecovery: boolean;
  /** Why it is not known whether recovery is on: the call was denied, or the endpoint does not offer it. */
  readonly recoveryUnknown?: ApikeyError;
}

const NONE = 'none';

/** What to do where point-in-time recovery cannot be looked at: throw, or report it as `recoveryUnknown`. */
export type RecoveryLook = 'required' | 'optional';

/** Looks at everything that `TableSpec` asks for; absent where there is no table. Writes nothing. */
export async function inspectTable(
  session: Session<DynamoClient>,
  table: string,
  look: RecoveryLook = 'required',
): Promise<TableFacts | undefined> {
  const description = await describeTable(session, table);
  if (description === undefined) return undefined;
  const input = { TableName: table };
  const [ttl, recovery] = await Promise.all([
    session.run({ action: 'dynamodb:DescribeTimeToLive', resource: table }, (client, abortSignal) =>
      client.send(new DescribeTimeToLiveCommand(input), { abortSignal }),
    ),
    inspectRecovery(session, table, look),
  ]);
  return {
    ...factsOf(description),
    ttlStatus: ttl.TimeToLiveDescription?.TimeToLiveStatus ?? 'DISABLED',
    ttlAttribute: ttl.TimeToLiveDescription?.AttributeName ?? NONE,
    ...recovery,
  };
}

type RecoveryFacts = Pick<TableFacts, 'pointInTimeRecovery' | 'recoveryUnknown'>;

async function inspectRecovery(
  session: Session<DynamoClient>,
  table: string,
  look: RecoveryLook,
): Promise<RecoveryFacts> {
  const call = { action: 'dynamodb:DescribeContinuousBackups', resource: table } as const;
  try {
    const { ContinuousBackupsDescription: backups } = await session.run(call, (client, abortSignal) =>
      client.send(new DescribeContinuousBackupsCommand({ TableName: table }), { abortSignal }),
    );
    const status = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
    return { pointInTimeRecovery: status === 'ENABLED' };
  } catch (error) {
    if (look === 'optional' && isAboutRecovery(error)) return { pointInTimeRecovery: false, recoveryUnknown: error };
    throw error;
  }
}

/** Whether an error of such a call says nothing about the other calls of a set-up. */
export function isAboutRecovery(error: unknown): error is ApikeyError {
  return error instanceof ApikeyError && error.code !== 'CREDENTIALS_MISSING';
}

/** Absent where there is no table. */
export async function describeTable(
  session: Session<DynamoClient>,
  table: string,
): Promise<TableDescription | undefined> {
  try {
    const { Table } = await session.run({ action: 'dynamodb:DescribeTable', resource: table }, (client, abortSignal) =>
      client.send(new DescribeTableCommand({ TableName: table }), { abortSignal }),
    );
    return Table;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

type DescribedFacts = Omit<TableFacts, 'ttlStatus' | 'ttlAttribute' | 'pointInTimeRecovery'>;

function factsOf(table: TableDescription): DescribedFacts {
  const index = table.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === INDEX);
  const key = (schema: KeySchemaElement[] | undefined, type: 'HASH' | 'RANGE'): string =>
    keyText(schema, type, table.AttributeDefinitions);
  return {
    arn: table.TableArn ?? NONE,
    status: table.TableStatus ?? NONE,
    partitionKey: key(table.KeySchema, 'HASH'),
    sortKey: key(table.KeySchema, 'RANGE'),
    indexStatus: index?.IndexStatus ?? NONE,
    indexPartitionKey: key(index?.KeySchema, 'HASH'),
    indexSortKey: key(index?.KeySchema, 'RANGE'),
    indexProjection: index?.Projection?.ProjectionType ?? NONE,
    // DynamoDB says nothing of the billing of a table that was always provisioned.
    billing: table.BillingModeSummary?.BillingMode ?? 'PROVISIONED',
    deletionProtection: table.DeletionProtectionEnabled ?? false,
  };
}

function keyText(
  schema: readonly KeySchemaElement[] | undefined,
  type: 'HASH' | 'RANGE',
  attributes: readonly AttributeDefinition[] | undefined,
): string {
  const name = schema?.find(({ KeyType }) => KeyType === type)?.AttributeName;
  if (name === undefined) return NONE;
  return `${name} (${attributes?.find(({ AttributeName }) => AttributeName === name)?.AttributeType ?? '?'})`;
}
