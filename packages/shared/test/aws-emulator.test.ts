/** Proves of the emulator what everything else on it rests on: each AWS call that apikey makes, as AWS documents it. */
import {
  BatchGetItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  GetPublicKeyCommand,
  KMSClient,
  ListAliasesCommand,
  ScheduleKeyDeletionCommand,
  SignCommand,
} from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createPublicKey, hash, randomUUID, verify } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { createTableInput, tableSpec } from '../src/aws/dynamodb/table-spec.ts';

const aws = await awsForTests();

describeOnEmulator(aws, 'the AWS emulator', (endpoint) => {
  const settings = { endpoint, region: aws.region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const dynamodb = new DynamoDBClient({ ...settings, maxAttempts: 1 });
  const kms = new KMSClient({ ...settings, maxAttempts: 1 });
  const table = `probe-${randomUUID()}`;
  const input = { TableName: table };
  const put = (pk: string, condition?: string): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: { pk: { S: pk }, sk: { S: 'A' }, bucket: { S: 'CLIENTS' }, position: { S: pk }, version: { N: '1' } },
      ...(condition === undefined ? {} : { ConditionExpression: condition }),
    },
  });
  const has = async (pk: string): Promise<boolean> => {
    const Key = { pk: { S: pk }, sk: { S: 'A' } };
    const { Item } = await dynamodb.send(new GetItemCommand({ ...input, Key, ConsistentRead: true }));
    return Item !== undefined;
  };

  beforeAll(async () => {
    await dynamodb.send(new CreateTableCommand(createTableInput(tableSpec(table, { team: 'probe' }))));
  });
  afterAll(async () => {
    await dynamodb.send(new UpdateTableCommand({ ...input, DeletionProtectionEnabled: false }));
    await dynamodb.send(new DeleteTableCommand(input));
    dynamodb.destroy();
    kms.destroy();
  });

  it('makes a table with an index, tags and deletion protection, and keeps it', async () => {
    const { Table } = await dynamodb.send(new DescribeTableCommand(input));
    expect(Table).toMatchObject({ TableStatus: 'ACTIVE', DeletionProtectionEnabled: true });
    expect(Table?.BillingModeSummary?.BillingMode).toBe('PAY_PER_REQUEST');
    expect(Table?.GlobalSecondaryIndexes).toMatchObject([{ IndexName: 'by-time', IndexStatus: 'ACTIVE' }]);
    const { Tags } = await dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn: Table?.TableArn }));
    expect(Tags).toContainEqual({ Key: 'team', Value: 'probe' });
    await expect(dynamodb.send(new DeleteTableCommand(input))).rejects.toThrow('deletion protection');
  });

  it('switches TTL and point-in-time recovery on', async () => {
    const ttl = { Enabled: true, AttributeName: 'ttl' };
    await dynamodb.send(new UpdateTimeToLiveCommand({ ...input, TimeToLiveSpecification: ttl }));
    const described = await dynamodb.send(new DescribeTimeToLiveCommand(input));
    expect(described.TimeToLiveDescription).toMatchObject({ AttributeName: 'ttl' });
    const recovery = { PointInTimeRecoveryEnabled: true };
    await dynamodb.send(new UpdateContinuousBackupsCommand({ ...input, PointInTimeRecoverySpecification: recovery }));
    const backups = await dynamodb.send(new DescribeContinuousBackupsCommand(input));
    const description = backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
    expect(description?.PointInTimeRecoveryStatus).toBe('ENABLED');
  });

  it('writes all of a transaction or nothing, and says which condition failed', async () => {
    await dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [put('T#1', 'attribute_not_exists(pk)')] }));
    const items = [put('T#2'), put('T#1', 'attribute_not_exists(pk)'), put('T#3', 'attribute_exists(pk)')];
    await expect(dynamodb.send(new TransactWriteItemsCommand({ TransactItems: items }))).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }, { Code: 'ConditionalCheckFailed' }],
    });
    expect(await has('T#2')).toBe(false);
  });

  it('recognises a repeated transaction by its token, and refuses the token for another', async () => {
    const ClientRequestToken = randomUUID();
    const TransactItems = [put('R#1', 'attribute_not_exists(pk)')];
    await dynamodb.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));
    await dynamodb.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));
    const other = { TransactItems: [put('R#2')], ClientRequestToken };
    await expect(dynamodb.send(new TransactWriteItemsCommand(other))).rejects.toMatchObject({
      name: 'IdempotentParameterMismatchException',
    });
  });

  it('reads a batch consistently and queries the index page by page', async () => {
    await Promise.all(
      ['B#1', 'B#2'].map((pk) => dynamodb.send(new PutItemCommand(put(pk).Put ?? { Item: {}, ...input }))),
    );
    const Keys = ['B#1', 'B#2', 'B#none'].map((pk) => ({ pk: { S: pk }, sk: { S: 'A' } }));
    const batch = new BatchGetItemCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } });
    const { Responses, UnprocessedKeys } = await dynamodb.send(batch);
    expect(Responses?.[table]).toHaveLength(2);
    expect(UnprocessedKeys).toEqual({});
    const query = {
      ...input,
      IndexName: 'by-time',
      KeyConditionExpression: '#b = :b AND #p BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#b': 'bucket', '#p': 'position' },
      ExpressionAttributeValues: { ':b': { S: 'CLIENTS' }, ':from': { S: 'B#' }, ':to': { S: 'B#2' } },
      Limit: 1,
    };
    const first = await dynamodb.send(new QueryCommand(query));
    expect(first.Items?.[0]?.['pk']).toEqual({ S: 'B#1' });
    const second = await dynamodb.send(new QueryCommand({ ...query, ExclusiveStartKey: first.LastEvaluatedKey }));
    expect(second.Items?.[0]?.['pk']).toEqual({ S: 'B#2' });
  });

  it.each([
    ['ECC_NIST_P256', 'ECDSA_SHA_256', 'DIGEST'],
    ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512', 'RAW'],
  ] as const)('makes a %s key and signs with it', async (KeySpec, SigningAlgorithm, MessageType) => {
    const created = await kms.send(
      new CreateKeyCommand({ KeySpec, KeyUsage: 'SIGN_VERIFY', Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
    );
    const KeyId = created.KeyMetadata?.Arn;
    expect(KeyId).toMatch(/^arn:aws:kms:us-east-1:111122223333:key\//);
    const { PublicKey, KeyUsage } = await kms.send(new GetPublicKeyCommand({ KeyId }));
    expect(KeyUsage).toBe('SIGN_VERIFY');
    const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
    const data = Buffer.from('to be signed');
    const Message = MessageType === 'RAW' ? data : hash('sha256', data, 'buffer');
    const { Signature, $metadata } = await kms.send(new SignCommand({ KeyId, Message, MessageType, SigningAlgorithm }));
    expect(verify(MessageType === 'RAW' ? null : 'sha256', data, key, Signature ?? Buffer.alloc(0))).toBe(true);
    expect($metadata.requestId).toBeTruthy();
  });

  it('names a key by an alias, disables it and schedules its deletion', async () => {
    const created = await kms.send(new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }));
    const KeyId = created.KeyMetadata?.Arn;
    const AliasName = `alias/probe-${randomUUID()}/0123456789ab`;
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyId }));
    expect((await kms.send(new DescribeKeyCommand({ KeyId: AliasName }))).KeyMetadata?.Arn).toBe(KeyId);
    expect((await kms.send(new ListAliasesCommand({}))).Aliases).toContainEqual(expect.objectContaining({ AliasName }));
    await kms.send(new DisableKeyCommand({ KeyId }));
    const sign = {
      KeyId,
      Message: Buffer.alloc(32),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    } as const;
    await expect(kms.send(new SignCommand(sign))).rejects.toMatchObject({ name: 'DisabledException' });
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    expect((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState).toBe('PendingDeletion');
  });

  it('says who is calling', async () => {
    const sts = new STSClient(settings);
    const identity = await sts.send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({ Account: '111122223333', Arn: expect.stringMatching(/^arn:aws:/) });
    sts.destroy();
  });
});
