/** The AWS backend keeps the same contracts as every other: the suites of `testing`, unchanged, on whichever endpoint. */
import { DeleteTableCommand, DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { randomUUID } from 'node:crypto';
import { awsForTests, describeOnAws } from '../../../tools/emulator/testing.ts';
import { dynamoRegistry, dynamoUsage, tableSetup, tableSpec } from '../src/aws/dynamodb/index.ts';
import { kmsKeyProvider, kmsPublicKeys } from '../src/aws/kms/index.ts';
import { keyProviderContract, registryContract } from '../src/testing/index.ts';
import { delay } from './aws-world.fixture.ts';

const aws = await awsForTests();
const settings = {
  region: aws.region,
  maxAttempts: 1,
  ...(aws.credentials === undefined ? {} : { credentials: aws.credentials }),
};
const PAGE_SIZE = 4;

/** AWS has ML-DSA, emulators mostly not; and an endpoint that was named may be any of them. */
async function offersMlDsa(): Promise<boolean> {
  if (aws.unavailable !== undefined || aws.kms === aws.emulator) return false;
  const client = new KMSClient({ ...settings, endpoint: aws.kms });
  try {
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ KeySpec: 'ML_DSA_44', KeyUsage: 'SIGN_VERIFY' }));
    await client.send(new ScheduleKeyDeletionCommand({ KeyId: KeyMetadata?.Arn, PendingWindowInDays: 7 }));
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}
const mlDsa = await offersMlDsa();

describeOnAws(aws, 'on AWS', () => {
  registryContract('a registry in DynamoDB', {
    pageSize: PAGE_SIZE,
    create: async () => {
      const table = `contract-${randomUUID()}`;
      const client = new DynamoDBClient({ ...settings, endpoint: aws.dynamodb });
      // Neither TTL nor backups are part of the contract, and not every endpoint has them.
      await tableSetup({ table, client }, delay).apply('create-table', tableSpec(table));
      return {
        open: async () => dynamoRegistry({ table, client, pageSize: PAGE_SIZE }),
        usage: () => dynamoUsage({ table, client }),
        remove: async () => {
          await client.send(new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: false }));
          await client.send(new DeleteTableCommand({ TableName: table }));
          client.destroy();
        },
      };
    },
  });

  keyProviderContract('a key provider in KMS', {
    optionalAlgs: mlDsa ? ['ML-DSA-44', 'ML-DSA-65'] : [],
    create: async () => {
      const client = new KMSClient({ ...settings, endpoint: aws.kms });
      const keys = kmsKeyProvider({ client, aliasBase: `alias/contract-${randomUUID()}` });
      const { ref } = await keys.create('ES256');
      const account = ref.split(':key/')[0] ?? '';
      return {
        keys,
        publicKeys: kmsPublicKeys({ client, allow: [`${account}:key/*`] }),
        unknownRef: `${account}:key/${randomUUID()}`,
        remove: async () => client.destroy(),
      };
    },
  });
});
