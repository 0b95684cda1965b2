/** Records uses in the table: one conditional write each, and nothing is read. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { parseTokenUse } from '../../domain/schema.ts';
import type { UsageRecorder } from '../../ports/usage.ts';
import { AUTHORIZER } from '../client-settings.ts';
import { text } from '../vendor-error.ts';
import { toAttributes } from './attributes.ts';
import { useItem } from './items.ts';
import { DEFAULT_RETENTION_SECONDS } from './keys.ts';
import { dynamoSession, type DynamoTarget } from './reads.ts';

export interface DynamoUsageOptions extends DynamoTarget {
  /** How long an item is kept after its token has expired. */
  readonly retentionSeconds?: number;
}

/** An entry whose time is no number was not written by apikey, and would otherwise stand for ever. */
const NEWER = 'attribute_not_exists(#usedAt) OR NOT attribute_type(#usedAt, :number) OR #usedAt < :usedAt';

/**
 * Records uses with the tight limits of an authorizer: one attempt, of a second at most. Its role needs
 * `dynamodb:PutItem` on the leading keys `USAGE#*`.
 */
export function dynamoUsage(options: DynamoUsageOptions): UsageRecorder {
  const { table, retentionSeconds = DEFAULT_RETENTION_SECONDS } = options;
  const session = dynamoSession({ timing: AUTHORIZER, ...options });
  return {
    recordUse: async ({ jti, client, usedAt, exp }, signal) => {
      const use = parseTokenUse({ jti, client, usedAt });
      const input = {
        TableName: table,
        Item: useItem(use, exp, retentionSeconds),
        ConditionExpression: NEWER,
        ExpressionAttributeNames: { '#usedAt': 'usedAt' },
        ExpressionAttributeValues: toAttributes({ ':usedAt': usedAt, ':number': 'N' }),
      };
      await session.run({ action: 'dynamodb:PutItem', resource: table, write: true, signal }, (client_, abortSignal) =>
        unlessOlder(client_.send(new PutItemCommand(input), { abortSignal })),
      );
    },
  };
}

/** That a later use is known already is as good as having recorded this one. */
async function unlessOlder(written: Promise<unknown>): Promise<void> {
  try {
    await written;
  } catch (error) {
    if (text(error, 'name') !== 'ConditionalCheckFailedException') throw error;
  }
}
