/** The log of notices in a table, and what SNS makes of a topic that is not there. */
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { awsForTests, describeOnAws, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { dynamoNotices, tableSetup, tableSpec } from '../src/aws/dynamodb/index.ts';
import { snsNotices } from '../src/aws/sns/index.ts';
import { noticeLogContract } from '../src/testing/index.ts';
import { delay } from './aws-world.fixture.ts';

const aws = await awsForTests();
const settings = {
  region: aws.region,
  maxAttempts: 1,
  ...(aws.credentials === undefined ? {} : { credentials: aws.credentials }),
};

describeOnAws(aws, 'on AWS', () => {
  const table = `notices-${randomUUID()}`;
  const client = new DynamoDBClient({ ...settings, endpoint: aws.dynamodb });

  beforeAll(async () => {
    await tableSetup({ table, client }, delay).apply('create-table', tableSpec(table));
  });
  afterAll(() => client.destroy());

  noticeLogContract('a table', () => dynamoNotices({ table, client }));

  it('keeps one item a notice, which may go when the token has long been over', async () => {
    const jti = randomUUID();
    await dynamoNotices({ table, client }).claim({ jti, days: 7, exp: 2_000_000_000 }, 1_900_000_000_000);
    const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
    expect(Items.find(({ pk }) => pk?.S === `NOTICE#${jti}`)).toEqual({
      pk: { S: `NOTICE#${jti}` },
      sk: { S: '000000000007' },
      jti: { S: jti },
      days: { N: '7' },
      state: { S: 'claimed' },
      at: { N: '1900000000000' },
      ttl: { N: String(2_000_000_000 + 400 * 86_400) },
    });
  });
});

describeOnEmulator(aws, 'a topic', (endpoint) => {
  it('that does not exist is an error that says so', async () => {
    const client = new SNSClient({ ...settings, endpoint });
    const sender = snsNotices({ topicArn: 'arn:aws:sns:us-east-1:111122223333:nobody', client });
    await expect(sender.send({ subject: 'a', text: 'b', attributes: { client: 'c' } })).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
    });
    client.destroy();
  });
});
