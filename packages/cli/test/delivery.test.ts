/** `--to`: tokens go into the secret or parameter that was named, and nowhere else. */
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsError, startFaultProxy, type FaultProxy, type WireFault } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubAws, stubTestAws } from './aws-session.ts';
import { call } from './aws-wire.ts';
import { errorOf, Session, type Result } from './session.ts';

const aws = await awsForTests();
const TOKEN_LIKE = /eyJ[\w-]{8,}/;
const VENDOR_TEXT = 'a text of the vendor';

const ISSUE = ['issue', '--client', 'partner'];

describe('a store that is none', () => {
  it.each([
    ['secretsmanager:'],
    ['secretsmanager'],
    ['secretsmanager:two words'],
    ['secretsmanager:name#'],
    ['secretsmanager:name#\u0007'],
    [`secretsmanager:${'n'.repeat(513)}`],
    ['secretsmanager:arn:aws:s3:::bucket'],
    ['ssm:relative'],
    ['ssm:'],
    ['ssm:/'],
    ['ssm:/a//b'],
    ['ssm:/a/'],
    ['ssm:/aws/service'],
    ['ssm:/SSM-x'],
    ['ssm:/a:3'],
    [`ssm:${'/a'.repeat(16)}`],
    ['s3:bucket'],
    ['/tmp/file'],
    [''],
  ])('%s is refused, and nothing is set up', async (uri) => {
    using session = new Session();
    for (const argv of [ISSUE, ['rotate', '--client', 'partner']]) {
      const result = await session.run([...argv, '--to', uri]);
      expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('INVALID_INPUT') });
      expect(result.stderr).toMatch(/ {2}why .*expected .*\n {2}fix /);
    }
    expect(existsSync(session.dataDir)).toBe(false);
  });

  it.each([
    [[...ISSUE, '--to', 'ssm:/a', '-o', 'file']],
    [[...ISSUE, '--to', 'ssm:/a', '--force']],
    [['rotate', '--all', '--to', 'ssm:/a']],
  ])('nor is a second destination: %s', async (argv) => {
    using session = new Session();
    expect(await session.run(argv)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('USAGE') });
  });

  it('without credentials or a Region is told before anything is set up', async () => {
    using session = new Session();
    stubAws(session.home, {});
    for (const store of ['ssm:/a', 'secretsmanager:a']) {
      const noRegion = await session.run([...ISSUE, '--to', store, '--json']);
      expect({ code: noRegion.code, error: errorOf(noRegion).code }).toEqual({ code: 2, error: 'CONFIG_INVALID' });
      const noOne = await session.run([...ISSUE, '--to', store, '--region', 'us-east-1', '--json']);
      expect({ code: noOne.code, error: errorOf(noOne).code }).toEqual({ code: 4, error: 'CREDENTIALS_MISSING' });
    }
    expect(existsSync(session.dataDir)).toBe(false);
    vi.unstubAllEnvs();
  });
});

describeOnEmulator(aws, 'tokens in a secret', (endpoint) => {
  let proxy: FaultProxy;
  let session: Session;
  let name = '';
  let to: string[] = [];
  let count = 0;

  const create = (value: object): Promise<unknown> =>
    call(endpoint, 'secretsmanager', 'CreateSecret', { Name: name, ...value });
  const read = async (): Promise<string> =>
    (await call<{ SecretString: string }>(endpoint, 'secretsmanager', 'GetSecretValue', { SecretId: name }))
      .SecretString;
  const labels = async (): Promise<string[]> => {
    const { VersionIdsToStages } = await call<{ VersionIdsToStages: Record<string, string[]> }>(
      endpoint,
      'secretsmanager',
      'DescribeSecret',
      { SecretId: name },
    );
    return Object.values(VersionIdsToStages).flat().toSorted();
  };
  const answer = (operation: string, fault: WireFault, until = Infinity): void =>
    proxy.plan((wired) => (wired.operation === operation && wired.nth <= until ? fault : undefined));
  const isLive = async (token: string): Promise<boolean> =>
    (await session.run(['verify'], { stdin: token })).code === 0;
  const states = async (): Promise<string[]> => {
    const { stdout } = await session.run(['list', '--all', '--json']);
    return (JSON.parse(stdout) as { state: string }[]).map(({ state }) => state);
  };
  /** Nothing that is shaped like a token, and nothing that the vendor wrote. */
  const expectQuiet = ({ stdout, stderr }: Result): void => {
    for (const text of [stdout, stderr]) {
      expect(text).not.toMatch(TOKEN_LIKE);
      expect(text).not.toContain(VENDOR_TEXT);
    }
  };

  beforeAll(async () => {
    proxy = await startFaultProxy(endpoint);
  });
  beforeEach(() => {
    session = new Session();
    proxy.plan(() => undefined);
    stubTestAws(aws, session, {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: proxy.endpoint,
      AWS_ENDPOINT_URL_SSM: proxy.endpoint,
    });
    count += 1;
    name = `app/api-${process.pid}-${count}`;
    to = ['--to', `secretsmanager:${name}#token`];
  });
  afterEach(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });
  afterAll(() => proxy.stop());

  it.each([
    ['a member', (filler: string) => JSON.stringify({ filler })],
    [
      'a member, in bytes and not in characters',
      (filler: string) => JSON.stringify({ filler: filler.replaceAll('xx', 'é') }),
    ],
  ])('are refused before anything is recorded where the secret would become too large: %s', async (_, valueOf) => {
    await create({ SecretString: valueOf('x'.repeat(65_200)) });
    const before = await read();
    for (const argv of [ISSUE, ISSUE, [...ISSUE, '--request-id', 'CHG-1'], [...ISSUE, '--dry-run']]) {
      const refused = await session.run([...argv, ...to, '--json']);
      expect({ code: refused.code, error: errorOf(refused).code }).toEqual({ code: 5, error: 'SECRET_UNSUITABLE' });
    }
    expect(existsSync(session.dataDir)).toBe(false);
    const { token, jti } = await session.issue('--client', 'partner');
    for (const flags of [[], ['--dry-run'], ['--grace', '0', '--yes']]) {
      const refused = await session.run(['rotate', jti, ...flags, ...to, '--json']);
      expect({ code: refused.code, error: errorOf(refused).code }).toEqual({ code: 5, error: 'SECRET_UNSUITABLE' });
    }
    expect(await states()).toEqual(['active']);
    expect(await isLive(token)).toBe(true);
    expect(await read()).toBe(before);
    await call(endpoint, 'secretsmanager', 'PutSecretValue', {
      SecretId: name,
      SecretString: valueOf('x'.repeat(64_000)),
    });
    expect(await session.run([...ISSUE, ...to])).toMatchObject({ code: 0 });
  });

  it('are issued and rotated into one member, and are seen nowhere else', async () => {
    await create({ SecretString: '{"db": "secret", "n": 12345678901234567890}' });
    const issued = await session.run([...ISSUE, ...to]);
    expect(issued).toMatchObject({ code: 0, stdout: '' });
    expect(issued.stderr).toMatch(
      new RegExp(`^The token was stored in secretsmanager:${name}#token as AWSCURRENT, version [0-9a-f-]{36}\\.`, 'm'),
    );
    expectQuiet(issued);
    const first = await read();
    expect(first).toMatch(/^\{"db": "secret", "n": 12345678901234567890,"token":"eyJ[\w.-]+"\}$/);
    expect(await isLive(JSON.parse(first).token)).toBe(true);

    const rotated = await session.run(['rotate', '--client', 'partner', ...to, '--grace', '0', '--yes', '--json']);
    expect(rotated).toMatchObject({ code: 0, stderr: '' });
    expectQuiet(rotated);
    const second = JSON.parse(await read()).token;
    expect(JSON.parse(rotated.stdout)).toMatchObject({
      deliveredTo: `secretsmanager:${name}#token`,
      deliveredVersion: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client: 'partner',
      jti: JSON.parse(Buffer.from(second.split('.')[1], 'base64url').toString()).jti,
    });
    expect(JSON.parse(rotated.stdout)).not.toHaveProperty('token');
    expect([await isLive(JSON.parse(first).token), await isLive(second)]).toEqual([false, true]);
    expect(await labels()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
  });

  it('are planned with --dry-run: the store is looked at, and nothing is written anywhere', async () => {
    await create({ SecretString: '{}' });
    const plan = await session.run([...ISSUE, ...to, '--dry-run']);
    expect(plan).toMatchObject({ code: 0, stdout: '' });
    expect(plan.stderr).toContain(`  hand it over in secretsmanager:${name}#token`);
    const json = await session.run([...ISSUE, ...to, '--dry-run', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ dryRun: true, deliversTo: `secretsmanager:${name}#token` });
    expect(new Set(proxy.calls)).toEqual(new Set(['DescribeSecret', 'GetSecretValue']));
    expect(existsSync(session.dataDir)).toBe(false);
  });

  it.each([
    ['that does not exist', undefined, 3, 'SECRET_NOT_FOUND', 'aws secretsmanager create-secret --name app/api'],
    ['that is no JSON, for a member', { SecretString: 'hunter2' }, 5, 'SECRET_UNSUITABLE', 'leave out #KEY'],
    ['that holds bytes', { SecretBinary: 'AAEC' }, 5, 'SECRET_UNSUITABLE', 'name another secret'],
    ['whose member is an array', { SecretString: '{"token":[]}' }, 5, 'SECRET_UNSUITABLE', 'another member'],
  ])('are refused by a secret %s, before anything is signed', async (_, value, exit, code, fix) => {
    if (value !== undefined) await create(value);
    for (const more of [[], ['--dry-run']]) {
      const result = await session.run([...ISSUE, ...to, ...more, '--json']);
      expect(result).toMatchObject({ code: exit, stdout: '' });
      expect(errorOf(result)).toMatchObject({ code, fix: expect.stringContaining(fix) });
      expect(result.stderr).not.toContain('hunter2');
    }
    expect(existsSync(session.dataDir)).toBe(false);
  });

  it('are refused by a secret that is scheduled for deletion', async () => {
    await create({ SecretString: '{}' });
    await call(endpoint, 'secretsmanager', 'DeleteSecret', { SecretId: name, RecoveryWindowInDays: 7 });
    const result = await session.run([...ISSUE, ...to, '--json']);
    expect(result.code).toBe(5);
    expect(errorOf(result)).toMatchObject({
      code: 'SECRET_UNSUITABLE',
      why: 'it is scheduled for deletion',
      fix: `aws secretsmanager restore-secret --secret-id ${name}`,
    });
    expect(existsSync(session.dataDir)).toBe(false);
  });

  it.each(['DescribeSecret', 'GetSecretValue'])('are not signed where %s is denied', async (operation) => {
    await create({ SecretString: '{}' });
    answer(operation, awsError('AccessDeniedException', VENDOR_TEXT));
    const result = await session.run([...ISSUE, ...to]);
    expect(result).toMatchObject({ code: 4, stdout: '' });
    expect(result.stderr).toMatch(/^error: access to the secret was denied[\s\S]* code {2}ACCESS_DENIED\n$/);
    expectQuiet(result);
    expect(existsSync(session.dataDir)).toBe(false);
  });

  const DENIED = awsError('AccessDeniedException', VENDOR_TEXT);
  it.each([
    ['PutSecretValue', 'is denied', DENIED, 'DELIVERY_FAILED', 'pending'],
    ['PutSecretValue', 'is done and never answered', { kind: 'lose' }, 'DELIVERY_FAILED', 'pending'],
    ['UpdateSecretVersionStage', 'is denied', DENIED, 'PROMOTION_FAILED', 'active'],
    [
      'UpdateSecretVersionStage',
      'fails',
      awsError('InternalServiceError', VENDOR_TEXT, 500),
      'PROMOTION_FAILED',
      'active',
    ],
    ['UpdateSecretVersionStage', 'never gets there', { kind: 'drop' }, 'PROMOTION_FAILED', 'active'],
  ] as const)('where %s %s: exit 6, and a rerun of the request finishes', async (operation, _, fault, code, state) => {
    await create({ SecretString: '{"x":1}' });
    answer(operation, fault);
    const failed = await session.run([...ISSUE, ...to, '--debug']);
    expect(failed).toMatchObject({ code: 6, stdout: '' });
    expect(failed.stderr).toContain(`  code  ${code}\n`);
    expect(failed.stderr).not.toMatch(TOKEN_LIKE);
    expect(await states()).toEqual([state]);
    expect(await read()).toBe('{"x":1}');

    const [, requestId = ''] = /--request-id (\S+)/.exec(failed.stderr) ?? [];
    proxy.plan(() => undefined);
    const rerun = await session.run([...ISSUE, ...to, '--request-id', requestId]);
    expect(rerun).toMatchObject({ code: 0, stdout: '' });
    expectQuiet(rerun);
    expect(await states()).toEqual(['active']);
    expect(await isLive(JSON.parse(await read()).token)).toBe(true);
    expect(await labels()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);

    // The request is done, and so is every rerun of it: nothing is signed, and the store stays as it is.
    const before = await read();
    const again = await session.run([...ISSUE, ...to, '--request-id', requestId, '--json']);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(await read()).toBe(before);
    expect(await states()).toEqual(['active']);
  });

  it('a rotation whose token cannot be shown says so, and the one that is shown lives on', async () => {
    await create({ SecretString: 'none' });
    to = ['--to', `secretsmanager:${name}`];
    expect((await session.run([...ISSUE, ...to])).code).toBe(0);
    const old = await read();
    answer('UpdateSecretVersionStage', DENIED);
    const rotate = ['rotate', '--client', 'partner', ...to, '--grace', '0', '--yes', '--request-id', 'CHG-1'];
    const failed = await session.run(rotate);
    expect(failed.code).toBe(6);
    expect(failed.stderr).toMatch(
      new RegExp(
        `^error: the token is live, but its readers may still get the one before\n  why   AccessDeniedException .*; token (\\S+) is live, in the version with the staging label APIKEY-\\1 of ${name}\n  fix   run the same command again with --request-id CHG-1\n`,
      ),
    );
    expect([await read(), await isLive(old)]).toEqual([old, true]);
    session.now += 240_000;
    expect(await isLive(old)).toBe(true);
    proxy.plan(() => undefined);
    expect((await session.run(rotate)).code).toBe(0);
    expect([await isLive(old), await isLive(await read())]).toEqual([false, true]);
  });

  it.each(['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'])(
    'are there once where one answer to %s is lost',
    async (operation) => {
      await create({ SecretString: '{"x":1}' });
      answer(operation, { kind: 'lose' }, 1);
      expect((await session.run([...ISSUE, ...to])).code).toBe(0);
      expect(await isLive(JSON.parse(await read()).token)).toBe(true);
      expect(await states()).toEqual(['active']);
    },
  );

  it('of several admins at once, each in a member of its own, are all there', async () => {
    await create({ SecretString: '{"keep":true}' });
    await session.run([...ISSUE, '--note', 'sets up']);
    const clients = ['a', 'b', 'c', 'd', 'e', 'f'];
    const outcomes = await Promise.all(
      clients.map((client) => session.run(['issue', '--client', client, '--to', `secretsmanager:${name}#${client}`])),
    );
    expect(outcomes.map(({ code }) => code)).toEqual(clients.map(() => 0));
    const { keep, ...tokens }: Record<string, string> = JSON.parse(await read());
    expect([keep, Object.keys(tokens).toSorted()]).toEqual([true, clients]);
    for (const token of Object.values(tokens)) expect(await isLive(token)).toBe(true);
  });

  it('of an environment on AWS go the same way', async () => {
    using cloud = new AwsSession();
    await cloud.init();
    await create({ SecretString: '{}' });
    const result = await cloud.run([...ISSUE, ...to, '--env', 'prod']);
    expect(result).toMatchObject({ code: 0, stdout: '' });
    expect((await cloud.run(['verify', '--env', 'prod'], { stdin: JSON.parse(await read()).token })).code).toBe(0);
  });

  describe('in a parameter', () => {
    const parameter = async (path: string): Promise<{ Value: string; Type: string; Version: number }> =>
      (
        await call<{ Parameter: { Value: string; Type: string; Version: number } }>(endpoint, 'ssm', 'GetParameter', {
          Name: path,
          WithDecryption: true,
        })
      ).Parameter;
    const names = async (): Promise<string[]> =>
      (await call<{ Parameters: { Name: string }[] }>(endpoint, 'ssm', 'DescribeParameters', {})).Parameters.map(
        (found) => found.Name,
      ).filter((found) => found.startsWith(`/${name}`));

    it('are issued and rotated, encrypted, and leave nothing beside it', async () => {
      const path = `/${name}/token`;
      const issued = await session.run([...ISSUE, '--to', `ssm:${path}`]);
      expect(issued).toMatchObject({ code: 0, stdout: '' });
      expect(issued.stderr).toContain(`The token was stored in ssm:${path} as version 1.`);
      const first = await parameter(path);
      expect(first).toMatchObject({ Type: 'SecureString', Version: 1 });
      const rotated = await session.run(['rotate', '--client', 'partner', '--to', `ssm:${path}`, '--json']);
      expect(JSON.parse(rotated.stdout)).toMatchObject({ deliveredTo: `ssm:${path}`, deliveredVersion: '2' });
      const second = await parameter(path);
      expect([await isLive(first.Value), await isLive(second.Value)]).toEqual([true, true]);
      expect(await names()).toEqual([path]);
      for (const result of [issued, rotated]) expectQuiet(result);
    });

    it.each([
      ['PutParameter', DENIED, 'DELIVERY_FAILED'],
      ['DeleteParameter', DENIED, 'PROMOTION_FAILED'],
    ] as const)('where %s fails: exit 6, and a rerun finishes', async (operation, fault, code) => {
      const path = `/${name}/token`;
      answer(operation, fault);
      const failed = await session.run([...ISSUE, '--to', `ssm:${path}`]);
      expect(failed.code).toBe(6);
      expect(failed.stderr).toContain(`  code  ${code}\n`);
      const [, requestId = ''] = /--request-id (\S+)/.exec(failed.stderr) ?? [];
      proxy.plan(() => undefined);
      expect((await session.run([...ISSUE, '--to', `ssm:${path}`, '--request-id', requestId])).code).toBe(0);
      expect(await isLive((await parameter(path)).Value)).toBe(true);
      expect(await names()).toEqual([path]);
      expect(await states()).toEqual(['active']);
    });

    it.each([
      ['standard', 40, 'Standard'],
      ['standard', 40, 'Advanced'],
      ['advanced', 4_500, 'Standard'],
      ['advanced', 5_200, 'Advanced'],
    ])(
      'one of the size of a %s parameter is stored, %i characters of scope, over one that is %s',
      async (_kind, length, Tier) => {
        const path = `/${name}/token`;
        await call(endpoint, 'ssm', 'PutParameter', { Name: path, Value: 'x', Type: 'SecureString', Tier });
        const scopes = Array.from({ length: Math.ceil(length / 130) }, (_, n) => `s${n}:${'x'.repeat(120)}`);
        const flags = scopes.flatMap((scope) => ['--scope', scope]);
        const result = await session.run([...ISSUE, ...flags, '--to', `ssm:${path}`]);
        expect(result).toMatchObject({ code: 0, stdout: '' });
      },
    );

    it('one that no parameter takes is refused before anything is recorded', async () => {
      const path = `/${name}/token`;
      const flags = Array.from({ length: 60 }, (_, n) => ['--scope', `s${n}:${'x'.repeat(120)}`]).flat();
      const result = await session.run([...ISSUE, ...flags, '--to', `ssm:${path}`]);
      expect(result).toMatchObject({ code: 5, stdout: '' });
      expect(existsSync(session.dataDir)).toBe(false);
    });

    it('are refused by one that is not encrypted', async () => {
      const path = `/${name}/plain`;
      await call(endpoint, 'ssm', 'PutParameter', { Name: path, Value: 'x', Type: 'String' });
      const result = await session.run([...ISSUE, '--to', `ssm:${path}`, '--json']);
      expect({ code: result.code, error: errorOf(result).code }).toEqual({ code: 5, error: 'SECRET_UNSUITABLE' });
      expect(existsSync(session.dataDir)).toBe(false);
    });
  });
});
