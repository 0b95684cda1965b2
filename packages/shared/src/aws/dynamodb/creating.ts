/** Tells a table that does not exist from one that is still being made: data calls answer the same for both. */
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { ApikeyError } from '../../domain/errors.ts';
import { UnavailableError } from '../../ports/errors.ts';
import type { Session } from '../session.ts';
import type { DynamoClient } from './reads.ts';

/** The better error, where there is one; asks only after a call has failed for want of a table. */
export async function explainMissingTable(
  session: Session<DynamoClient>,
  table: string,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof ApikeyError) || error.code !== 'REGISTRY_NOT_FOUND') return error;
  try {
    const status = await session.run(
      { action: 'dynamodb:DescribeTable', resource: table, signal: AbortSignal.timeout(2_000) },
      async (client, abortSignal) => {
        const { Table } = await client.send(new DescribeTableCommand({ TableName: table }), { abortSignal });
        return Table?.TableStatus;
      },
    );
    if (status !== 'CREATING') return error;
  } catch {
    // Not allowed to look, or it does not exist: the first error says it all.
    return error;
  }
  return new UnavailableError('the registry is still being created', {
    why: `the table ${table} has the status CREATING`,
    fix: 'try again in a minute',
    cause: error,
  });
}
