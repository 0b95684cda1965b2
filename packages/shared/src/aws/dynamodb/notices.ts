/** Keeps which notices were sent, one item each: a conditional write decides who sends it. */
import { PutItemCommand, type PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Notice, NoticeLog } from '../../ports/notices.ts';
import { INTERACTIVE } from '../client-settings.ts';
import { text } from '../vendor-error.ts';
import { toAttributes } from './attributes.ts';
import { DEFAULT_RETENTION_SECONDS, noticeKey, TTL_ATTRIBUTE } from './keys.ts';
import { dynamoSession, type DynamoTarget } from './reads.ts';

export interface DynamoNoticesOptions extends DynamoTarget {
  /** How long an item is kept after its token has expired. */
  readonly retentionSeconds?: number;
}

/** A Lambda function runs no longer: who took a notice so long ago will not send it any more. */
const CLAIM_MILLIS = 15 * 60_000;
const FREE = 'attribute_not_exists(pk) OR (#state = :claimed AND #at <= :stale)';

/** Its role needs `dynamodb:PutItem` on the leading keys `NOTICE#*`. */
export function dynamoNotices(options: DynamoNoticesOptions): NoticeLog {
  const { table, retentionSeconds = DEFAULT_RETENTION_SECONDS } = options;
  const session = dynamoSession({ timing: INTERACTIVE, ...options });
  const item = ({ jti, days, exp }: Notice, state: 'claimed' | 'sent', at: number): PutItemCommandInput => ({
    TableName: table,
    Item: toAttributes({ ...noticeKey(jti, days), jti, days, state, at, [TTL_ATTRIBUTE]: exp + retentionSeconds }),
  });
  const call = { action: 'dynamodb:PutItem', resource: table, write: true } as const;
  const put = async (input: PutItemCommandInput): Promise<void> => {
    await session.run(call, (client, abortSignal) => client.send(new PutItemCommand(input), { abortSignal }));
  };
  return {
    // Not repeated: an answer that was lost would make the second attempt find the claim of the first.
    claim: (notice, at) =>
      session.run({ ...call, repeatable: false }, (client, abortSignal) =>
        unlessTaken(client.send(new PutItemCommand({ ...item(notice, 'claimed', at), ...free(at) }), { abortSignal })),
      ),
    confirm: (notice, at) => put(item(notice, 'sent', at)),
    // Not a deletion: the alarm of the template rings at each, since nothing of apikey deletes.
    release: (notice) => put(item(notice, 'claimed', 0)),
  };
}

function free(at: number): Partial<PutItemCommandInput> {
  return {
    ConditionExpression: FREE,
    ExpressionAttributeNames: { '#state': 'state', '#at': 'at' },
    ExpressionAttributeValues: toAttributes({ ':claimed': 'claimed', ':stale': at - CLAIM_MILLIS }),
  };
}

async function unlessTaken(written: Promise<unknown>): Promise<boolean> {
  try {
    await written;
    return true;
  } catch (error) {
    if (text(error, 'name') === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}
