/** What goes wrong on AWS, one row each: its exit code, its stable code, a fix, and no text of the vendor. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsError, startFaultProxy, type FaultProxy, type WireFault } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubAws, stubTestAws } from './aws-session.ts';
import { call } from './aws-wire.ts';
import { BuiltCli } from './built-cli.ts';
import { errorOf, type RunOptions } from './session.ts';

const aws = await awsForTests();
const CLOSED = 'http://127.0.0.1:1';
const KEYS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const ISSUE = ['issue', '--client', 'partner'];
const JTI = '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11';
const VENDOR_TEXT = 'a text of the vendor';

/** Rows for `it.each` whose titles are command lines. */
function titled(commands: readonly (readonly string[])[]): [title: string, argv: readonly string[]][] {
  return commands.map((argv) => [argv.join(' '), argv]);
}

/** Fails as the words and the JSON of an error must; gives back the latter. */
async function expectFailure(
  session: AwsSession,
  argv: readonly string[],
  exit: number,
  code: string,
  options: RunOptions = {},
): Promise<ReturnType<typeof errorOf>> {
  const text = await session.run([...argv, '--env', 'prod'], options);
  expect({ argv, exit: text.code, stdout: text.stdout, stderr: text.stderr }).toMatchObject({ exit, stdout: '' });
  expect(text.stderr).toMatch(new RegExp(`^error: [\\s\\S]*  fix   [\\s\\S]*  code  ${code}\n$`));
  const json = await session.run([...argv, '--env', 'prod', '--json'], options);
  expect(json).toMatchObject({ code: exit, stdout: '' });
  for (const { stderr } of [text, json]) {
    expect(stderr).not.toContain(VENDOR_TEXT);
    expect(stderr).not.toMatch(/\n\s+at |Could not load credentials|node_modules/);
  }
  const error = errorOf(json);
  expect(error).toMatchObject({ code, why: expect.any(String), fix: expect.any(String) });
  return error;
}

describe('without AWS', () => {
  let session: AwsSession;
  beforeEach(() => {
    session = new AwsSession();
  });
  afterEach(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });

  const COMMANDS = titled([
    ISSUE,
    ['list'],
    ['init', '--yes'],
    ['revoke', JTI, '--yes'],
    ['iam', 'issuer'],
    ['keys', 'list'],
  ]);

  it.each(COMMANDS)('no credentials: apikey %s', async (_, argv) => {
    stubAws(session.home, { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: CLOSED });
    const { fix } = await expectFailure(session, argv, 4, 'CREDENTIALS_MISSING');
    expect(fix).toContain('--profile');
  });

  it.each([
    ['named by --profile', ['--profile', 'nobody'], {}],
    ['named by AWS_PROFILE', [], { AWS_PROFILE: 'nobody' }],
  ])('a profile that does not exist, %s', async (_, flags, settings) => {
    stubAws(session.home, { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: CLOSED, ...settings });
    const { why } = await expectFailure(session, [...ISSUE, ...flags], 4, 'CREDENTIALS_MISSING');
    expect(why).toBe('the profile nobody does not exist, or holds none that can be used');
  });

  it.each([
    ['that never began', 'dev', undefined],
    ['that has expired', 'dev', { accessToken: 'expired', expiresAt: '2026-01-01T00:00:00Z' }],
    [
      'that has expired, written as profiles used to be',
      'old',
      { accessToken: 'expired', expiresAt: '2026-01-01T00:00:00Z' },
    ],
    ['whose cached token is damaged', 'dev', 'nonsense'],
  ])('single sign-on %s', async (_, profile, cached) => {
    const config = join(session.home, 'aws-config');
    const start = 'https://example.test/start';
    const account = ['sso_account_id = 111122223333', 'sso_role_name = dev', 'region = us-east-1'];
    const place = [`sso_start_url = ${start}`, 'sso_region = us-east-1'];
    const sections = [
      ['[profile dev]', 'sso_session = work', ...account],
      ['[profile old]', ...place, ...account],
      ['[sso-session work]', ...place],
    ];
    writeFileSync(config, sections.map((lines) => `${lines.join('\n')}\n`).join('\n'));
    const cache = join(session.home, '.aws', 'sso', 'cache');
    mkdirSync(cache, { recursive: true });
    for (const name of cached === undefined ? [] : ['work', start]) {
      const file = join(cache, `${createHash('sha1').update(name).digest('hex')}.json`);
      writeFileSync(file, typeof cached === 'string' ? cached : JSON.stringify({ startUrl: start, ...cached }));
    }
    stubAws(session.home, { HOME: session.home, AWS_ENDPOINT_URL: CLOSED, AWS_CONFIG_FILE: config });
    const { fix } = await expectFailure(session, [...ISSUE, '--profile', profile], 4, 'CREDENTIALS_MISSING');
    expect(fix).toContain(`aws sso login --profile ${profile}`);
  });

  it.each(COMMANDS)('no Region: apikey %s', async (_, argv) => {
    stubAws(session.home, { ...KEYS, AWS_ENDPOINT_URL: CLOSED });
    const { fix } = await expectFailure(session, argv, 2, 'CONFIG_INVALID');
    expect(fix).toContain('--region');
  });

  it.each([
    ['a Region that is none', ['--region', 'us east'], 'INVALID_INPUT'],
    ['a Region that is a host', ['--region', 'evil.example'], 'INVALID_INPUT'],
  ])('%s', async (_, flags, code) => {
    stubAws(session.home, { ...KEYS, AWS_ENDPOINT_URL: CLOSED });
    expect((await expectFailure(session, ['list', ...flags], 2, code)).message).toContain('--region');
  });

  it.each([
    ['dynamodb:', 'awskms:alias/apikey'],
    ['dynamodb:ab', 'awskms:alias/apikey'],
    ['dynamodb:arn:aws:dynamodb:us-east-1:111122223333:table/apikey', 'awskms:alias/apikey'],
    ['dynamodb:apikey', 'awskms:'],
    ['dynamodb:apikey', 'awskms:apikey'],
    ['dynamodb:apikey', 'awskms:alias/aws/apikey'],
    ['dynamodb:apikey', 'awskms:alias/apikey/'],
  ])('a place that AWS would not take: %s %s', async (registry, keys) => {
    session.configure(registry, keys);
    expect((await expectFailure(session, ['list'], 2, 'CONFIG_INVALID')).why).toContain('expected');
  });

  it('an endpoint that is out of reach: exit 6 within ten seconds', async () => {
    using cli = new BuiltCli({
      ...KEYS,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: CLOSED,
      APIKEY_CONFIG: `${session.cwd}/apikey.toml`,
    });
    for (const argv of [[...ISSUE], ['list'], ['init', '--yes'], ['revoke', JTI, '--yes']]) {
      const started = performance.now();
      const { code, stdout, stderr } = await cli.run([...argv, '--env', 'prod']);
      expect(performance.now() - started).toBeLessThan(10_000);
      expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
      expect(stderr).toContain('error: AWS cannot be reached\n  why   no answer from 127.0.0.1:1 (ECONNREFUSED');
      expect(stderr).toMatch(/ {2}code {2}UNAVAILABLE\n$/);
    }
  });

  it('an endpoint that takes calls and never answers: exit 6 within ten seconds', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    using cli = new BuiltCli({
      ...KEYS,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${address.port}`,
      APIKEY_CONFIG: `${session.cwd}/apikey.toml`,
    });
    const started = performance.now();
    const { code, stderr } = await cli.run([...ISSUE, '--env', 'prod', '--json']);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(code).toBe(6);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'UNAVAILABLE', retryable: true } });
    silent.close();
  });
});

describeOnEmulator(aws, 'on AWS', (endpoint) => {
  let proxy: FaultProxy;
  let session: AwsSession;
  const answer = (operation: string, fault: WireFault, until = Infinity): void =>
    proxy.plan((wired) => (wired.operation === operation && wired.nth <= until ? fault : undefined));
  const issue = async (): Promise<{ token: string; jti: string }> =>
    session.issue('--client', 'partner', '--env', 'prod');
  const listed = async (): Promise<{ jti: string; state: string; live: boolean }[]> =>
    JSON.parse((await session.run(['list', '--all', '--json', '--env', 'prod'])).stdout);
  const findings = async (): Promise<{ name: string; what: string; fix: string | null }[]> => {
    const { stdout, code } = await session.run(['doctor', '--json', '--env', 'prod']);
    const { checks }: { checks: { name: string; ok: boolean | null; what: string; fix: string | null }[] } =
      JSON.parse(stdout);
    const found = checks.filter(({ ok }) => ok === false);
    expect(code).toBe(found.length === 0 ? 0 : 11);
    return found;
  };
  const activeRef = async (): Promise<string> => {
    const keys: { state: string; ref: string }[] = JSON.parse(
      (await session.run(['keys', 'list', '--json', '--env', 'prod'])).stdout,
    );
    return keys.find(({ state }) => state === 'active')?.ref ?? '';
  };

  beforeAll(async () => {
    proxy = await startFaultProxy(endpoint);
  });
  beforeEach(() => {
    proxy.plan(() => undefined);
    session = new AwsSession();
    stubTestAws(aws, session, { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint, AWS_ENDPOINT_URL_KMS: proxy.endpoint });
  });
  afterEach(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });
  afterAll(() => proxy.stop());

  it.each(
    titled([
      ISSUE,
      [...ISSUE, '--dry-run'],
      ['list'],
      ['show', JTI],
      ['revoke', JTI, '--yes'],
      ['clients', 'list'],
      ['keys', 'create'],
      ['rotate', JTI],
    ]),
  )('a table that does not exist: apikey %s', async (_, argv) => {
    const { fix } = await expectFailure(session, argv, 3, 'REGISTRY_NOT_FOUND');
    expect(fix).toContain('apikey init --env prod');
    expect(proxy.calls).not.toContain('CreateTable');
  });

  it('a table that is still being made', async () => {
    proxy.plan(({ operation }) => {
      if (operation === 'DescribeTable') {
        return { kind: 'answer', status: 200, body: '{"Table":{"TableStatus":"CREATING"}}' };
      }
      return awsError('ResourceNotFoundException');
    });
    expect((await expectFailure(session, ISSUE, 6, 'UNAVAILABLE')).retryable).toBe(true);
  });

  it('a table with other keys', async () => {
    await call(endpoint, 'dynamodb', 'CreateTable', {
      TableName: session.table,
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    // MiniStack answers a key of the wrong form with nothing; DynamoDB refuses it.
    const refusal = awsError(
      'ValidationException',
      `${VENDOR_TEXT}: The provided key element does not match the schema`,
    );
    proxy.plan(({ operation }) => (/Item|Query/.test(operation) ? refusal : undefined));
    await expectFailure(session, ISSUE, 9, 'STORE_FOREIGN');
    await expectFailure(session, ['list'], 9, 'STORE_FOREIGN');
    proxy.plan(() => undefined);
    expect((await findings()).map(({ name }) => name)).toContain('table');
  });

  it('a table without a key ring', async () => {
    await session.init();
    await call(endpoint, 'dynamodb', 'DeleteItem', {
      TableName: session.table,
      Key: { pk: { S: 'RING#main' }, sk: { S: 'RING' } },
    });
    const { fix } = await expectFailure(session, ISSUE, 3, 'RING_NOT_FOUND');
    expect(fix).toContain('apikey init --env prod');
    await expectFailure(session, [...ISSUE, '--dry-run'], 3, 'RING_NOT_FOUND');
  });

  it.each([
    ['disabled', 'DisableKey', 'is disabled', 'aws kms enable-key'],
    ['waiting for its deletion', 'ScheduleKeyDeletion', 'will be deleted', 'aws kms cancel-key-deletion'],
  ])('a KMS key that is %s', async (_, operation, what, fix) => {
    await session.init();
    await call(endpoint, 'kms', operation, { KeyId: await activeRef() });
    // The emulator keeps giving the public half of such a key; KMS does not.
    answer('GetPublicKey', awsError('KMSInvalidStateException'));
    await expectFailure(session, ISSUE, 5, 'WRONG_STATE');
    expect((await listed()).every(({ state, live }) => state === 'pending' && !live)).toBe(true);
    const [found] = await findings();
    expect(found).toMatchObject({
      name: 'key',
      what: expect.stringContaining(what),
      fix: expect.stringContaining(fix),
    });
  });

  it('a KMS key of another usage', async () => {
    await session.init();
    const encrypts = (body: string): string => body.replaceAll('SIGN_VERIFY', 'ENCRYPT_DECRYPT');
    proxy.plan(({ operation }) => {
      if (operation === 'Sign') return awsError('InvalidKeyUsageException');
      return operation === 'DescribeKey' || operation === 'GetPublicKey'
        ? { kind: 'rewrite', answer: encrypts }
        : undefined;
    });
    await expectFailure(session, ISSUE, 5, 'WRONG_STATE');
    expect((await findings()).map(({ what }) => what).join()).toContain('is for ENCRYPT_DECRYPT, expected SIGN_VERIFY');
  });

  it('an alias that is gone, or dangles: keys go on signing, and doctor tells', async () => {
    await session.init();
    const aliases: { Aliases: { AliasName: string }[] } = await call(endpoint, 'kms', 'ListAliases', { Limit: 1000 });
    const alias =
      aliases.Aliases.find(({ AliasName }) => AliasName.startsWith(`${session.aliasBase}/`))?.AliasName ?? '';
    await call(endpoint, 'kms', 'DeleteAlias', { AliasName: alias });
    const [missing] = await findings();
    expect(missing).toMatchObject({ name: 'alias', what: `${alias} is missing` });
    expect(missing?.fix).toContain(`aws kms create-alias --alias-name ${alias} --target-key-id arn:aws:kms:`);
    await issue();
    const listing = { Aliases: [{ AliasName: alias }], Truncated: false };
    answer('ListAliases', { kind: 'answer', status: 200, body: JSON.stringify(listing) });
    expect((await findings()).map(({ what }) => what)).toContain(`${alias} points to no key`);
  });

  it('a key in KMS that no ring names', async () => {
    await session.init();
    const Tags = [{ TagKey: 'apikey:keys', TagValue: session.aliasBase }];
    const input = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', Tags };
    const made: { KeyMetadata: { Arn: string } } = await call(endpoint, 'kms', 'CreateKey', input);
    const [found, ...others] = await findings();
    expect(others).toEqual([]);
    expect(found).toMatchObject({ name: 'unused', what: `${made.KeyMetadata.Arn} is not in the ring of prod` });
    await call(endpoint, 'kms', 'ScheduleKeyDeletion', { KeyId: made.KeyMetadata.Arn });
    expect(await findings()).toEqual([]);
  });

  it('access denied at STS', async () => {
    const denied =
      '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>';
    vi.stubEnv('AWS_ENDPOINT_URL_STS', proxy.endpoint);
    proxy.plan(() => ({ kind: 'answer', status: 403, body: denied, headers: { 'content-type': 'text/xml' } }));
    expect((await expectFailure(session, ISSUE, 4, 'ACCESS_DENIED')).why).toContain('sts:GetCallerIdentity');
  });

  it('credentials that a program gives, as a profile says, serve the built command too', async () => {
    const config = join(session.home, 'aws-config');
    const given = { Version: 1, AccessKeyId: 'test', SecretAccessKey: 'test' };
    writeFileSync(
      config,
      `[profile given]\nregion = us-east-1\ncredential_process = echo '${JSON.stringify(given)}'\n`,
    );
    using cli = new BuiltCli({
      AWS_CONFIG_FILE: config,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL: endpoint,
      APIKEY_CONFIG: `${session.cwd}/apikey.toml`,
    });
    const plan = await cli.json<object>(['init', '--env', 'prod', '--profile', 'given', '--dry-run']);
    expect(plan).toMatchObject({ account: '111122223333', region: 'us-east-1' });
  });

  it('throttling that passes is not noticed', async () => {
    await session.init();
    for (const operation of ['GetItem', 'TransactWriteItems', 'Sign']) {
      answer(operation, awsError('ThrottlingException', VENDOR_TEXT), 2);
      expect((await session.run([...ISSUE, '--env', 'prod'])).code).toBe(0);
    }
    expect(await listed()).toHaveLength(3);
  });

  it('throttling that goes on: exit 6, and nothing is left', async () => {
    await session.init();
    answer('Sign', awsError('ThrottlingException', VENDOR_TEXT));
    const result = await session.run([...ISSUE, '--env', 'prod', '--json']);
    expect(result).toMatchObject({ code: 6, stdout: '' });
    expect(errorOf(result)).toMatchObject({ code: 'THROTTLED', retryable: true });
    proxy.plan(() => undefined);
    expect(await listed()).toEqual([]);
  });

  it('an answer that is lost after the write was applied: the token is issued once, and listed', async () => {
    await session.init();
    answer('TransactWriteItems', { kind: 'lose' }, 1);
    const { jti, token } = await issue();
    expect(await listed()).toMatchObject([{ jti, live: true }]);
    answer('TransactWriteItems', { kind: 'lose' }, 1);
    expect((await session.run(['revoke', jti, '--yes', '--env', 'prod'])).code).toBe(0);
    expect((await session.run(['verify', '--env', 'prod'], { stdin: token })).code).toBe(10);
  });

  it.each([
    ['a state that is none', { ':value': { S: 'alive' } }, 'state'],
    ['a number in place of a text', { ':value': { N: '7' } }, 'client'],
    ['a longer life than its token', { ':value': { S: 'soon' } }, 'exp'],
  ])('a token record changed by hand into %s', async (_, values, attribute) => {
    await session.init();
    const { token, jti } = await issue();
    await call(endpoint, 'dynamodb', 'UpdateItem', {
      TableName: session.table,
      Key: { pk: { S: 'CLIENT#partner' }, sk: { S: `TOKEN#${jti}` } },
      UpdateExpression: 'SET #attribute = :value',
      ExpressionAttributeNames: { '#attribute': attribute },
      ExpressionAttributeValues: values,
    });
    await expectFailure(session, ['list'], 9, 'STORE_DAMAGED');
    await expectFailure(session, ['show', jti], 9, 'STORE_DAMAGED');
    const verified = await session.run(['verify', '--env', 'prod', '--json'], { stdin: token });
    expect(verified.code).toBe(10);
    expect(JSON.parse(verified.stdout)).toMatchObject({ live: false });
  });

  it('a clock that is two minutes off: whatever signs refuses before anything is recorded; what ends tokens does not', async () => {
    await session.init();
    const { token, jti } = await issue();
    const right = session.now;
    for (const [minutes, direction] of [
      [2, 'ahead of'],
      [-2, 'behind'],
    ] as const) {
      session.now = right + minutes * 60_000;
      proxy.plan(() => undefined);
      for (const argv of [ISSUE, ['rotate', jti], ['activate', jti], ['keys', 'create'], ['init', '--yes']]) {
        const { why } = await expectFailure(session, argv, 5, 'CLOCK_SKEW', { stdin: token });
        expect(why).toContain(`${direction} the clock of AWS`);
      }
      expect(proxy.calls.filter((operation) => /Write|Put|Sign|Create/.test(operation))).toEqual([]);
      expect(await findings()).toMatchObject([{ name: 'clock', what: expect.stringContaining(direction) }]);
    }
    expect((await session.run(['revoke', jti, '--yes', '--env', 'prod'])).code).toBe(0);
    session.now = right;
    expect((await session.run(['verify', '--env', 'prod'], { stdin: token })).code).toBe(10);
  });
});
