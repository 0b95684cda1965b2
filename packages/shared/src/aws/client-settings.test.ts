import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { clientSettings, INTERACTIVE, withoutLog } from './client-settings.ts';

describe('a client of the SDK', () => {
  it.each([DynamoDBClient, KMSClient])('copies nothing for a log that nobody reads: %o', (Client) => {
    const make = (): InstanceType<typeof Client> => new Client(clientSettings({ region: 'us-east-1' }, INTERACTIVE));
    const steps = (client: InstanceType<typeof Client>): string[] => client.middlewareStack.identify();
    expect(steps(make()).join(' ')).toContain('logger');
    expect(steps(withoutLog(make())).join(' ')).not.toContain('logger');
  });
});
