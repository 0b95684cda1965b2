/** The sources on AWS, seen through an authorizer: what is allowed, what is denied, and what is neither. */
import { MAIN_RING, revokeKey, revokeToken, suspendClient, type KeyRing, type RingKey } from '@apikey/shared';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsError, startFaultProxy } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnAws, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { dynamoClient, dynamoStatus, dynamoUsage } from '../src/dynamodb/index.ts';
import {
  AuthorizerConfigError,
  createAuthorizer,
  type Authorizer,
  type AuthorizerOptions,
  type DecisionReport,
} from '../src/index.ts';
import { kmsKeys } from '../src/kms/index.ts';
import { awsEnvironment, type AwsEnvironment } from './aws-environment.ts';
import { AUDIENCE, ISSUER } from './world.ts';

const aws = await awsForTests();

function useAws(more: Readonly<Record<string, string>> = {}): void {
  for (const [name, value] of Object.entries({ ...aws.env, ...more })) vi.stubEnv(name, value);
}

function authorizerOf(table: string, options: Partial<AuthorizerOptions> = {}): Authorizer {
  return createAuthorizer({
    issuer: ISSUER,
    audience: AUDIENCE,
    status: dynamoStatus({ table }),
    keys: kmsKeys({ allow: [`arn:aws:kms:${aws.region}:${account}:key/*`] }),
    ...options,
  });
}

let account = '';
let environment: AwsEnvironment;

const activeKey = async (): Promise<RingKey> => {
  const ring = await environment.deps.registry.getRing(MAIN_RING);
  return ring?.keys.find(({ state }) => state === 'active') ?? expect.fail('no active key');
};

/** A status source whose ring says something else than what was written. */
const withRing = (change: (key: RingKey) => RingKey): AuthorizerOptions['status'] => {
  const status = dynamoStatus({ table: environment.table });
  return {
    readStatus: (...args) => status.readStatus(...args),
    readKeyRing: async (signal) => {
      const ring: KeyRing | undefined = await status.readKeyRing(signal);
      return ring === undefined ? undefined : { ...ring, keys: ring.keys.map(change) };
    },
  };
};

beforeAll(async () => {
  if (aws.unavailable !== undefined) return;
  useAws();
  environment = await awsEnvironment();
  account = (await activeKey()).ref.split(':')[4] ?? '';
  vi.unstubAllEnvs();
});

describeOnAws(aws, 'an authorizer on DynamoDB and KMS', () => {
  beforeEach(() => useAws());
  afterEach(() => vi.unstubAllEnvs());

  it('allows a token that was issued there', async () => {
    const { token, jti } = await environment.issue({ scopes: ['plans:read'] });
    const decision = { allowed: true, client: 'partner', jti, scopes: ['plans:read'] };
    expect(await authorizerOf(environment.table).authorize({ token })).toMatchObject(decision);
  });

  it('denies the next request after a revocation, whatever it has cached', async () => {
    const { token, jti } = await environment.issue();
    const authorizer = authorizerOf(environment.table);
    expect(await authorizer.authorize({ token })).toMatchObject({ allowed: true });
    await revokeToken(environment.deps, { jti, client: 'partner' });
    expect(await authorizer.authorize({ token })).toMatchObject({ allowed: false, reason: 'revoked' });
  });

  it('denies the tokens of a suspended client', async () => {
    const { token } = await environment.issue({ client: 'paused' });
    const authorizer = authorizerOf(environment.table);
    await suspendClient(environment.deps, 'paused');
    expect(await authorizer.authorize({ token })).toMatchObject({ allowed: false, reason: 'client_suspended' });
  });

  it('records the use of a token that it allowed, where the registry reads it', async () => {
    const [used, revoked] = [await environment.issue(), await environment.issue()];
    await revokeToken(environment.deps, { jti: revoked.jti, client: 'partner' });
    const authorizer = authorizerOf(environment.table, { usage: dynamoUsage({ table: environment.table }) });
    const begin = Math.floor(Date.now() / 1000);
    for (const { token } of [used, revoked]) await authorizer.authorize({ token });
    const uses = await environment.deps.registry.lastUses([used.jti, revoked.jti]);
    expect([...uses.values()]).toEqual([{ jti: used.jti, client: 'partner', usedAt: expect.any(Number) }]);
    expect(uses.get(used.jti)?.usedAt).toBeGreaterThanOrEqual(begin);
  });

  it('denies a forged token without asking KMS for anything', async () => {
    const { token } = await environment.issue();
    const [header = '', payload = ''] = token.split('.');
    const forged = `${header}.${payload}.${Buffer.alloc(64, 1).toString('base64url')}`;
    expect(await authorizerOf(environment.table).authorize({ token: forged })).toMatchObject({
      allowed: false,
      reason: 'bad_signature',
    });
  });

  it('neither allows nor denies where the table does not exist', async () => {
    const { token } = await environment.issue();
    await expect(authorizerOf(`${environment.table}-gone`).authorize({ token })).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
    });
  });

  it('never trusts a key outside the allow-list, whatever the ring says', async () => {
    const { token } = await environment.issue();
    const keys = kmsKeys({ allow: [`arn:aws:kms:${aws.region}:999999999999:key/*`] });
    await expect(authorizerOf(environment.table, { keys }).authorize({ token })).rejects.toMatchObject({
      code: 'KEYS_UNAVAILABLE',
      cause: { code: 'ACCESS_DENIED' },
    });
  });

  it('never trusts a key of another thumbprint than the ring says', async () => {
    const { token } = await environment.issue();
    const { ref } = await environment.deps.keys.create('ES256');
    const status = withRing((key) => ({ ...key, ref }));
    await expect(authorizerOf(environment.table, { status }).authorize({ token })).rejects.toMatchObject({
      code: 'KEY_MISMATCH',
    });
  });

  it('denies the tokens of a revoked key within the staleness of the ring', async () => {
    const other = await awsEnvironment();
    const { token } = await other.issue();
    const authorizer = authorizerOf(other.table, { maxStaleness: { tokens: 0, keys: 0 } });
    expect(await authorizer.authorize({ token })).toMatchObject({ allowed: true });
    const [key] = (await other.deps.registry.getRing(MAIN_RING))?.keys ?? [];
    await revokeKey(other.deps, key?.kid ?? '');
    expect(await authorizer.authorize({ token })).toMatchObject({ allowed: false, reason: 'key_revoked' });
  });
});

describeOnEmulator(aws, 'an authorizer whose calls to AWS fail', (endpoint) => {
  beforeEach(() => useAws());
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ['is denied', awsError('AccessDeniedException')],
    ['is throttled', awsError('ThrottlingException')],
    ['breaks', { kind: 'drop' as const }],
  ])('faults where reading the table %s, and recovers', async (_, fault) => {
    const { token } = await environment.issue();
    const proxy = await startFaultProxy(endpoint);
    useAws({ AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint });
    const authorizer = authorizerOf(environment.table);
    proxy.plan(({ operation }) => (operation === 'BatchGetItem' ? fault : undefined));
    await expect(authorizer.authorize({ token })).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
    proxy.plan(() => undefined);
    expect(await authorizer.authorize({ token })).toMatchObject({ allowed: true });
    await proxy.stop();
  });

  it.each([
    ['are denied', awsError('AccessDeniedException'), 'lost'],
    ['are throttled', awsError('ThrottlingException'), 'lost'],
    ['break', { kind: 'drop' as const }, 'lost'],
    ['hang', { kind: 'hang' as const }, 'late'],
  ])(
    'allows what it would allow where writes of last uses %s, and says what became of them',
    async (_, fault, usage) => {
      const { token, jti } = await environment.issue();
      const proxy = await startFaultProxy(endpoint);
      useAws({ AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint });
      const { table } = environment;
      const client = dynamoClient();
      const reports: DecisionReport[] = [];
      const authorizer = authorizerOf(table, {
        status: dynamoStatus({ table, client }),
        usage: dynamoUsage({ table, client }),
        onDecision: (report) => reports.push(report),
      });
      proxy.plan(({ operation }) => (operation === 'PutItem' ? fault : undefined));
      expect(await authorizer.authorize({ token })).toMatchObject({ allowed: true });
      expect(reports).toMatchObject([{ usage }]);
      expect(await environment.deps.registry.lastUses([jti])).toEqual(new Map());
      await proxy.stop();
      client.destroy();
    },
  );

  it('keeps verifying with the keys that it has while KMS is gone', async () => {
    const { token } = await environment.issue();
    const proxy = await startFaultProxy(endpoint);
    useAws({ AWS_ENDPOINT_URL_KMS: proxy.endpoint });
    const authorizer = authorizerOf(environment.table);
    expect(await authorizer.authorize({ token })).toMatchObject({ allowed: true });
    proxy.plan(() => ({ kind: 'drop' }));
    const later = await environment.issue();
    expect(await authorizer.authorize({ token: later.token })).toMatchObject({ allowed: true });
    await expect(authorizerOf(environment.table).authorize({ token })).rejects.toMatchObject({
      code: 'KEYS_UNAVAILABLE',
    });
    await proxy.stop();
  });
});

describe('the options of the sources on AWS', () => {
  it.each([
    ['no list', undefined],
    ['an empty list', []],
    ['one text in place of a list', 'arn:aws:kms:us-east-1:111122223333:key/*'],
    ['any key of anybody', ['*']],
    ['any account', ['arn:aws:kms:us-east-1:*:key/*']],
    ['an alias', ['arn:aws:kms:us-east-1:111122223333:alias/apikey']],
    ['nothing in the list', [undefined]],
  ])('kmsKeys refuses %s', (_, allow) => {
    expect(() => kmsKeys({ allow } as never)).toThrow(AuthorizerConfigError);
    expect(() => kmsKeys({ allow } as never)).toThrow(/^allow /);
  });

  it.each([[undefined], [''], ['a'], ['arn:aws:dynamodb:us-east-1:111122223333:table/x']])(
    'dynamoStatus refuses the table %j',
    (table) => {
      expect(() => dynamoStatus({ table } as never)).toThrow('table must be the name of a DynamoDB table');
    },
  );

  it('refuses names that nothing reads, and an empty Region', () => {
    const allow = ['arn:aws:kms:us-east-1:111122223333:key/*'];
    expect(() => dynamoStatus({ table: 'apikey-prod', endpoint: 'x' } as never)).toThrow('endpoint is not an option');
    expect(() => kmsKeys({ allow, alow: [] } as never)).toThrow('alow is not an option');
    expect(() => dynamoStatus({ table: 'apikey-prod', region: '' })).toThrow('region must be');
    expect(() => kmsKeys({ allow, region: '' })).toThrow('region must be');
    expect(() => dynamoClient({ region: '' })).toThrow('region must be');
    expect(() => dynamoUsage({ table: '' })).toThrow('table must be');
    expect(() => dynamoUsage({ table: 'apikey-prod', client: {} } as never)).toThrow('client must be');
    const client = dynamoClient({ region: 'us-east-1' });
    expect(() => dynamoUsage({ table: 'apikey-prod', region: 'us-east-1', client })).toThrow('region belongs');
    client.destroy();
  });
});
