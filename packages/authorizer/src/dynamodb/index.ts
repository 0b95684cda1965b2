/** The sources on AWS: records, the key ring and last uses in a DynamoDB table, by primary key alone. */
import type { StatusReader, UsageRecorder } from '@apikey/shared';
import {
  authorizerClient,
  dynamoStatusReader,
  dynamoUsage as recorder,
  type DynamoClient,
  type DynamoTarget,
} from '@apikey/shared/dynamodb';
import { AuthorizerConfigError, refuseUnknown } from '../config-error.ts';

export type { DynamoClient } from '@apikey/shared/dynamodb';

export interface DynamoStatusOptions {
  /** The table of the environment, as `dynamodb:<table>` in its configuration names it. */
  readonly table: string;
  /** Where the table is; by default the Region that the AWS SDK finds, in Lambda that of the function. */
  readonly region?: string | undefined;
  /** A client to share, with its Region and connections: `dynamoClient()`, or a `DynamoDBClient` of your own. */
  readonly client?: DynamoClient | undefined;
}

export type DynamoUsageOptions = DynamoStatusOptions;

/** DynamoDB's rule for the names of tables. */
const TABLE = /^[A-Za-z0-9_.-]{3,255}$/;
const NAMES = ['table', 'region', 'client'] satisfies (keyof DynamoStatusOptions)[];

/**
 * The registry in a DynamoDB table. Every read is strongly consistent, and one attempt of at most a second, since the
 * authorizer repeats what fails itself. Its role needs what `apikey iam authorizer` prints. Credentials and endpoint
 * are those that the AWS SDK finds; nothing is sent before the first request.
 */
export function dynamoStatus(options: DynamoStatusOptions): StatusReader {
  return dynamoStatusReader(checked(options));
}

/**
 * Records the last use of tokens in the same table: one conditional write for each use that is due. Its role needs what
 * `apikey iam authorizer --track-usage` prints. Share a client with `dynamoStatus`: a write that must make its own
 * connection first is likely to be late.
 */
export function dynamoUsage(options: DynamoUsageOptions): UsageRecorder {
  return recorder(checked(options));
}

/** A client for `dynamoStatus` and `dynamoUsage` to share, with the limits that suit them. */
export function dynamoClient({ region }: { readonly region?: string | undefined } = {}): DynamoClient {
  requireRegionName(region);
  return authorizerClient(region === undefined ? {} : { region });
}

function checked(options: DynamoStatusOptions): DynamoTarget {
  refuseUnknown(options, NAMES);
  const { table, region, client } = options;
  if (typeof table !== 'string' || !TABLE.test(table)) {
    throw new AuthorizerConfigError('table', 'must be the name of a DynamoDB table');
  }
  requireRegionName(region);
  if (client !== undefined) requireClient(client, region);
  return { table, ...(region === undefined ? {} : { region }), ...(client === undefined ? {} : { client }) };
}

/** A missing variable of the environment must not count as "wherever the SDK looks". */
function requireRegionName(region: unknown): void {
  if (region === undefined || (typeof region === 'string' && region !== '')) return;
  throw new AuthorizerConfigError('region', 'must be the name of an AWS Region');
}

function requireClient(client: unknown, region: string | undefined): void {
  if (typeof client !== 'object' || client === null || !('send' in client)) {
    throw new AuthorizerConfigError('client', 'must be a DynamoDBClient');
  }
  if (region !== undefined) throw new AuthorizerConfigError('region', 'belongs to the client where one is given');
}
