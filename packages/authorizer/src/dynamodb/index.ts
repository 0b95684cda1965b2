/** The status source on AWS: token records, clients and the key ring in a DynamoDB table, by primary key alone. */
import type { StatusReader } from '@apikey/shared';
import { dynamoStatusReader } from '@apikey/shared/dynamodb';
import { AuthorizerConfigError, refuseUnknown } from '../config-error.ts';

export interface DynamoStatusOptions {
  /** The table of the environment, as `dynamodb:<table>` in its configuration names it. */
  readonly table: string;
  /** Where the table is; by default the Region that the AWS SDK finds, in Lambda that of the function. */
  readonly region?: string | undefined;
}

/** DynamoDB's rule for the names of tables. */
const TABLE = /^[A-Za-z0-9_.-]{3,255}$/;

/**
 * The registry in a DynamoDB table. Every read is strongly consistent, and one attempt of at most a second, since the
 * authorizer repeats what fails itself. Its role needs what `apikey iam authorizer` prints. Credentials and endpoint
 * are those that the AWS SDK finds; nothing is sent before the first request.
 */
export function dynamoStatus(options: DynamoStatusOptions): StatusReader {
  refuseUnknown(options, ['table', 'region'] satisfies (keyof DynamoStatusOptions)[]);
  const { table, region } = options;
  if (typeof table !== 'string' || !TABLE.test(table)) {
    throw new AuthorizerConfigError('table', 'must be the name of a DynamoDB table');
  }
  requireRegionName(region);
  return dynamoStatusReader(region === undefined ? { table } : { table, region });
}

/** A missing variable of the environment must not count as "wherever the SDK looks". */
function requireRegionName(region: unknown): void {
  if (region === undefined || (typeof region === 'string' && region !== '')) return;
  throw new AuthorizerConfigError('region', 'must be the name of an AWS Region');
}
