/** Many processes and kills on DynamoDB and KMS: the same tests as on the embedded backend. */
import { dynamoStatus } from '@apikey/authorizer/dynamodb';
import { kmsKeys } from '@apikey/authorizer/kms';
import { MAIN_RING } from '@apikey/shared';
import { dynamoRegistry } from '@apikey/shared/dynamodb';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { awsForTests, describeOnAws } from '../../../tools/emulator/testing.ts';
import { stubAws } from './aws-session.ts';
import { BuiltCli, sized } from './built-cli.ts';
import { describeBulkLoad } from './bulk-load.ts';
import { describeIssueLoad } from './issue-load.ts';
import { describeKillLoad } from './kill-load.ts';
import type { LoadBackend } from './load-world.ts';

const aws = await awsForTests();

/** An environment of its own, by variables alone; it has the names of the embedded one, so that tokens are alike. */
const onAws: LoadBackend = async () => {
  const table = `load-${randomUUID()}`;
  const cli = new BuiltCli({
    ...aws.env,
    APIKEY_ENV: 'prod',
    APIKEY_REGISTRY: `dynamodb:${table}`,
    APIKEY_KEYS: `awskms:alias/${table}`,
    APIKEY_ISSUER: 'https://apikey.localhost',
    APIKEY_AUDIENCE: 'https://api.localhost',
  });
  // An environment on AWS is set up by nothing else.
  expect((await cli.run(['init', '--yes'])).code).toBe(0);
  const registry = dynamoRegistry({ table });
  const [key] = (await registry.getRing(MAIN_RING))?.keys ?? [];
  await registry.close();
  const allow = [(key?.ref ?? '').replace(/[^/]*$/, '*')];
  return {
    cli,
    openRegistry: async () => dynamoRegistry({ table }),
    sources: () => ({ status: dynamoStatus({ table }), keys: kmsKeys({ allow }) }),
    [Symbol.dispose]: () => cli[Symbol.dispose](),
  };
};

describeOnAws(aws, 'on AWS', () => {
  beforeAll(() => stubAws('/nonexistent', aws.env));
  afterAll(() => vi.unstubAllEnvs());

  describeIssueLoad('DynamoDB and KMS', onAws, sized(3, 25));
  describeKillLoad('DynamoDB and KMS', onAws, sized(3, 30));
  describeBulkLoad('DynamoDB and KMS', onAws, sized(12, 120));
});
