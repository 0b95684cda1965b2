/** Region, credentials and endpoint as users get them wrong; clients are made by the product itself, from the environment. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { dynamoRegistry, planTable, tableSetup, tableSpec } from '../src/aws/dynamodb/index.ts';
import { kmsKeyProvider, kmsPublicKeys } from '../src/aws/kms/index.ts';
import { callerIdentity, requireClock } from '../src/aws/sts/index.ts';
import { thumbprint } from '../src/jose/thumbprint.ts';
import { changeClient, temporaryDirectory } from '../src/testing/index.ts';
import { delay } from './aws-world.fixture.ts';

const aws = await awsForTests();
const directory = temporaryDirectory();
const CLOSED = 'http://127.0.0.1:1';

/** Nothing of AWS but what a test sets. */
function bareEnvironment(settings: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  const nothing = join(directory.path, 'nothing');
  const isolation = {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: nothing,
    AWS_SHARED_CREDENTIALS_FILE: nothing,
    HOME: directory.path,
  };
  for (const [name, value] of Object.entries({ ...isolation, ...settings })) vi.stubEnv(name, value);
}

const KEYS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

describe('an environment without AWS', () => {
  beforeEach(() => bareEnvironment({ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: CLOSED }));
  afterEach(() => vi.unstubAllEnvs());

  it('has no credentials, and is told where to get some', async () => {
    await expect(dynamoRegistry({ table: 'any' }).getClient('partner')).rejects.toMatchObject({
      name: 'AccessDeniedError',
      code: 'CREDENTIALS_MISSING',
      message: 'no AWS credentials were found',
      fix: expect.stringContaining('--profile'),
    });
    await expect(callerIdentity()).rejects.toMatchObject({ code: 'CREDENTIALS_MISSING' });
  });

  it.each([
    ['given', { profile: 'no-such-profile' }, {}],
    ['in AWS_PROFILE', {}, { AWS_PROFILE: 'no-such-profile' }],
  ])('names the profile that does not exist: %s', async (_where, options, settings) => {
    bareEnvironment({ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: CLOSED, ...settings });
    await expect(dynamoRegistry({ table: 'any', ...options }).getClient('partner')).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
      why: 'the profile no-such-profile does not exist, or holds none that can be used',
    });
  });

  it('sends the user of an expired single sign-on to sign in again', async () => {
    const config = join(directory.path, `config-${randomUUID()}`);
    const session = 'sso_session = work\nsso_account_id = 111122223333\nsso_role_name = dev\nregion = us-east-1\n';
    const start = '[sso-session work]\nsso_start_url = https://example.test/start\nsso_region = us-east-1\n';
    writeFileSync(config, `[profile dev]\n${session}\n${start}`);
    bareEnvironment({ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: CLOSED, AWS_CONFIG_FILE: config, AWS_PROFILE: 'dev' });
    await expect(callerIdentity()).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
      message: 'the AWS credentials have expired',
      fix: expect.stringContaining('aws sso login --profile dev'),
    });
  });

  it('has no Region, and is asked for one', async () => {
    bareEnvironment({ ...KEYS, AWS_ENDPOINT_URL: CLOSED });
    const failure = { code: 'CONFIG_INVALID', fix: expect.stringContaining('--region') };
    await expect(dynamoRegistry({ table: 'any' }).getClient('partner')).rejects.toMatchObject(failure);
    await expect(kmsKeyProvider({ aliasBase: 'alias/any' }).create('ES256')).rejects.toMatchObject(failure);
    await expect(callerIdentity()).rejects.toMatchObject(failure);
  });

  it('has an endpoint at which nobody listens, and hears of it within seconds', async () => {
    bareEnvironment({ ...KEYS, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: CLOSED });
    const started = performance.now();
    const failure = { name: 'UnavailableError', code: 'UNAVAILABLE', retryable: true };
    await expect(dynamoRegistry({ table: 'any' }).readKeyRing()).rejects.toMatchObject(failure);
    await expect(dynamoRegistry({ table: 'any' }).commit(changeClient('partner'))).rejects.toMatchObject(failure);
    await expect(kmsKeyProvider({ aliasBase: 'alias/any' }).create('ES256')).rejects.toMatchObject(failure);
    await expect(callerIdentity()).rejects.toMatchObject(failure);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it.each(['', 'ab', 'a b c', 'dynamodb:apikey', 'x'.repeat(256)])('has no table of the name %j', (table) => {
    expect(() => dynamoRegistry({ table })).toThrow('this is not the name of a DynamoDB table');
  });

  it('has an endpoint of a name that does not exist', async () => {
    bareEnvironment({ ...KEYS, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: 'http://nowhere.invalid:80' });
    await expect(dynamoRegistry({ table: 'any' }).readKeyRing()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      why: expect.stringContaining('nowhere.invalid'),
    });
  });
});

describeOnEmulator(aws, 'an environment with AWS', () => {
  beforeEach(() => bareEnvironment({ ...KEYS, AWS_ENDPOINT_URL: aws.emulator ?? CLOSED }));
  afterEach(() => vi.unstubAllEnvs());

  it('is all that the backend needs: no endpoint is ever given in code', async () => {
    vi.stubEnv('AWS_REGION', 'us-east-1');
    const table = `environment-${randomUUID()}`;
    const setup = tableSetup({ table }, delay);
    for (const step of planTable(await setup.inspect())) await setup.apply(step, tableSpec(table));
    setup.close();
    const registry = dynamoRegistry({ table });
    const change = changeClient('partner');
    await registry.commit(change);
    expect(await registry.getClient('partner')).toEqual(change.client);
    await registry.close();
  });

  it('can be told the Region, which is another table', async () => {
    const table = `environment-${randomUUID()}`;
    const setup = tableSetup({ table, region: 'eu-west-1' }, delay);
    for (const step of planTable(undefined)) await setup.apply(step, tableSpec(table));
    expect(await dynamoRegistry({ table, region: 'eu-west-1' }).getClient('partner')).toBeUndefined();
    await expect(dynamoRegistry({ table, region: 'us-east-1' }).getClient('partner')).rejects.toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      why: `there is no usable table ${table} in us-east-1`,
    });
  });

  it('calls each key in the Region of its ARN', async () => {
    const there = kmsKeyProvider({ aliasBase: 'alias/there', region: 'eu-west-1' });
    const here = kmsKeyProvider({ aliasBase: 'alias/here', region: 'us-east-1' });
    const { ref, publicKey } = await there.create('ES256');
    expect(ref).toMatch(/^arn:aws:kms:eu-west-1:/);
    const allow = ['arn:aws:kms:eu-west-1:111122223333:key/*'];
    const seen = await kmsPublicKeys({ allow, region: 'us-east-1' }).publicKey(ref);
    expect(thumbprint(seen)).toBe(thumbprint(publicKey));
    expect((await here.sign(ref, 'ES256', new Uint8Array(8))).signature).toHaveLength(64);
  });

  it('finds a multi-Region key near by, or else where its ARN says', async () => {
    const keys = kmsKeyProvider({ aliasBase: 'alias/mrk', region: 'us-east-1', multiRegion: true });
    const { ref, publicKey } = await keys.create('ES256');
    expect(ref).toContain(':key/mrk-');
    const allow = ['arn:aws:kms:us-east-1:111122223333:key/mrk-*'];
    const seen = await kmsPublicKeys({ allow, region: 'eu-central-1' }).publicKey(ref);
    expect(thumbprint(seen)).toBe(thumbprint(publicKey));
    await expect(
      kmsPublicKeys({ allow, region: 'us-east-1' }).publicKey(ref.replace('mrk-', '')),
    ).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  it('says who is calling, and how far off the local clock is', async () => {
    const identity = await callerIdentity({ region: 'us-east-1' });
    expect(identity).toMatchObject({ account: '111122223333', arn: expect.stringMatching(/^arn:aws:/) });
    expect(Math.abs(identity.clockSkew ?? 0)).toBeLessThan(5_000);
    expect(() => requireClock(identity)).not.toThrow();
    const early = await callerIdentity({ region: 'us-east-1', clock: { now: () => Date.now() - 3_600_000 } });
    expect(() => requireClock(early)).toThrow('the local clock is wrong');
  });
});
