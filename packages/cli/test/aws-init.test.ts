/** `apikey init` on AWS: what it makes, what it leaves alone, and what is left where it is stopped. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { awsError, startFaultProxy, type FaultProxy } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import { call } from './aws-wire.ts';
import { BuiltCli } from './built-cli.ts';
import { errorOf, type Result } from './session.ts';

const aws = await awsForTests();
const INIT = ['init', '--env', 'prod'];
const WRITES = [
  'CreateTable',
  'UpdateTimeToLive',
  'UpdateContinuousBackups',
  'CreateKey',
  'CreateAlias',
  'PutItem',
  'TransactWriteItems',
];

describeOnEmulator(aws, 'apikey init on AWS', (endpoint) => {
  let proxy: FaultProxy;
  let session: AwsSession;
  const through = (): Record<string, string> => ({
    AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
    AWS_ENDPOINT_URL_KMS: proxy.endpoint,
  });
  const written = (): string[] => proxy.calls.filter((operation) => WRITES.includes(operation));
  const describe = (): Promise<object> => call(endpoint, 'dynamodb', 'DescribeTable', { TableName: session.table });
  const doctor = async (): Promise<{ name: string; ok: boolean | null }[]> => {
    const { stdout } = await session.run(['doctor', '--env', 'prod', '--json']);
    const { checks }: { checks: { name: string; ok: boolean | null }[] } = JSON.parse(stdout);
    return checks.filter(({ ok }) => ok === false);
  };

  beforeAll(async () => {
    proxy = await startFaultProxy(endpoint);
  });
  beforeEach(() => {
    proxy.plan(() => undefined);
    session = new AwsSession();
    stubTestAws(aws, session, through());
  });
  afterEach(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });
  afterAll(() => proxy.stop());

  it('asks, and makes nothing where nobody can answer', async () => {
    const result = await session.run([...INIT, '--json']);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(result)).toMatchObject({ code: 'CONFIRMATION_REQUIRED', fix: 'add --yes to confirm' });
    expect(written()).toEqual([]);
  });

  it('shows its plan to whoever can answer, and takes no for an answer', async () => {
    const env = { NO_COLOR: '1' };
    const result = await session.run(INIT, { tty: true, stdin: 'n\n', env });
    expect(result.code).toBe(8);
    expect(written()).toEqual([]);
    expect(result.stderr.replaceAll(session.table, 'TABLE').replaceAll(session.home, '~')).toMatchInlineSnapshot(`
      "Configuration: ~/work/apikey.toml
      Set up environment prod?
          account   111122223333
          Region    us-east-1
          caller    arn:aws:iam::111122223333:root
          registry  dynamodb:TABLE
          keys      awskms:alias/TABLE
        - create the table with its index, on-demand, with deletion protection and tags
        - let items expire that are past their retention (TTL)
        - keep 35 days of point-in-time recovery
        - make a signing key (ES256), and a key ring in which it is active
      Do it? [y/N] error: cancelled: nothing was changed
        code  CANCELLED
      "
    `);
    expect(await session.run(INIT, { tty: true, stdin: 'y\n', env })).toMatchObject({ code: 0 });
    expect(await doctor()).toEqual([]);
  });

  it('touches nothing with --dry-run, before and after', async () => {
    const before = await session.run([...INIT, '--dry-run', '--json']);
    expect(JSON.parse(before.stdout)).toMatchObject({
      dryRun: true,
      env: 'prod',
      registry: `dynamodb:${session.table}`,
      keys: `awskms:${session.aliasBase}`,
      account: '111122223333',
      region: 'us-east-1',
      created: true,
      steps: [
        { step: 'create-table' },
        { step: 'enable-ttl' },
        { step: 'enable-point-in-time-recovery' },
        { step: 'create-key' },
      ],
    });
    expect((await session.run([...INIT, '--dry-run'])).stderr).toContain('Dry run, nothing is changed');
    expect(written()).toEqual([]);
    await session.init();
    proxy.plan(() => undefined);
    const after = await session.run([...INIT, '--dry-run', '--json']);
    expect(JSON.parse(after.stdout)).toMatchObject({ created: false, steps: [] });
    expect(written()).toEqual([]);
  });

  it('makes everything once: the second time it changes nothing', async () => {
    const first = await session.run([...INIT, '--yes', '--json']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const made: { kid: string } = JSON.parse(first.stdout);
    expect(made).toMatchObject({ created: true, alg: 'ES256', kid: expect.stringMatching(/^[\w-]{43}$/) });
    proxy.plan(() => undefined);
    const second = await session.run([...INIT, '--json']);
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(second.stdout)).toMatchObject({ created: false, kid: made.kid, steps: [] });
    expect(written()).toEqual([]);
    expect(await doctor()).toEqual([]);
  });

  it('tells how long it has been waiting for the table', async () => {
    const creating = (body: string): string => body.replaceAll('"ACTIVE"', '"CREATING"');
    const slow = (nth: number): boolean => nth > 1 && nth < 5;
    proxy.plan(({ operation, nth }) =>
      operation === 'DescribeTable' && slow(nth) ? { kind: 'rewrite', answer: creating } : undefined,
    );
    const { code, stderr } = await session.run([...INIT, '--yes'], { tty: true, env: { NO_COLOR: '1' } });
    expect(code).toBe(0);
    expect(stderr).toContain(`waiting for the table ${session.table} (0 s)`);
    expect(stderr).toContain(`waiting for the table ${session.table} (2 s)`);
    expect(stderr).toContain('✓ create the table');
  });

  it('makes keys of another algorithm, and for several Regions, where asked', async () => {
    await session.init('--alg', 'RS256', '--multi-region');
    const keys = async (): Promise<{ alg: string; ref: string }[]> =>
      JSON.parse((await session.run(['keys', 'list', '--env', 'prod', '--json'])).stdout);
    expect(await keys()).toMatchObject([{ alg: 'RS256', ref: expect.stringContaining(':key/mrk-') }]);
    expect((await session.run(['keys', 'create', '--env', 'prod', '--alg', 'ES256'])).code).toBe(0);
    // What comes later is as the first, without anybody having to remember.
    expect(await keys()).toMatchObject([{ alg: 'RS256' }, { alg: 'ES256', ref: expect.stringContaining(':key/mrk-') }]);
  });

  it('reports a table that differs, property by property, and touches nothing', async () => {
    await call(endpoint, 'dynamodb', 'CreateTable', {
      TableName: session.table,
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    });
    const before = await describe();
    for (const flags of [['--yes'], ['--dry-run'], ['--yes', '--json']]) {
      const result = await session.run([...INIT, ...flags]);
      expect(result).toMatchObject({ code: 11, stdout: '' });
      for (const words of [
        'partition key is id (S), expected pk (S)',
        'sort key is none, expected sk (S)',
        'index by-time: partition key is none, expected bucket (S)',
        'billing is PROVISIONED, expected PAY_PER_REQUEST',
        'deletion protection is off, expected on',
      ]) {
        expect(result.stderr).toContain(words);
      }
    }
    expect(written()).toEqual([]);
    expect(await describe()).toEqual(before);
  });

  it('refuses --multi-region where no key is in KMS', async () => {
    expect(await session.run(['init', '--multi-region'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--multi-region is for keys in KMS'),
    });
  });

  it('sets up a registry on this machine for keys in KMS, and the other way round', async () => {
    const directory = `${session.home}/mixed`;
    for (const [registry, keys] of [
      [`sqlite:${directory}/a`, `awskms:${session.aliasBase}`],
      [`dynamodb:${session.table}`, `file:${directory}/b`],
    ] as const) {
      session.configure(registry, keys);
      const refused = await session.run(['issue', '--env', 'prod', '--client', 'partner', '--json']);
      expect(refused).toMatchObject({ code: 3, stdout: '' });
      expect(errorOf(refused)).toMatchObject({ fix: expect.stringContaining('apikey init --env prod') });
      await session.init();
      const issued = await session.run(['issue', '--env', 'prod', '--client', 'partner']);
      expect(issued.code).toBe(0);
      expect(await session.run(['verify', '--env', 'prod'], { stdin: issued.stdout })).toMatchObject({ code: 0 });
      expect((await session.run(['doctor', '--env', 'prod'])).code).toBe(0);
    }
  });

  it.each(WRITES.filter((operation) => operation !== 'UpdateContinuousBackups'))(
    'goes on where an earlier run failed at %s',
    async (operation) => {
      proxy.plan((wired) => (wired.operation === operation ? awsError('AccessDeniedException') : undefined));
      const failed = await session.run([...INIT, '--yes', '--json']);
      expect(failed).toMatchObject({ code: 4, stdout: '' });
      expect(errorOf(failed).code).toBe('ACCESS_DENIED');
      proxy.plan(() => undefined);
      await session.init();
      expect((await doctor()).map(({ name }) => name).filter((name) => name !== 'unused')).toEqual([]);
      expect((await session.run(['issue', '--env', 'prod', '--client', 'partner'])).code).toBe(0);
    },
  );

  const LACKING = {
    'is denied': awsError('AccessDeniedException'),
    'is not offered': awsError('UnknownOperationException'),
    'is not implemented': awsError('NotImplementedException', '', 501),
    'is no word that it knows': awsError('ValidationException'),
  };
  const BACKUPS = ['UpdateContinuousBackups', 'DescribeContinuousBackups'];

  it.each(
    Object.entries(LACKING).flatMap(([name, fault]) =>
      [BACKUPS, BACKUPS.slice(0, 1), BACKUPS.slice(1)].map(
        (operations) => [operations.join(' and '), name, operations, fault] as const,
      ),
    ),
  )('makes the ring where %s %s, says what is missing, and doctor reports it', async (_, __, operations, fault) => {
    const lacks = ({ operation }: { operation: string }) => (operations.includes(operation) ? fault : undefined);
    proxy.plan(lacks);
    const first = await session.run([...INIT, '--yes', '--json']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const made: { kid: string; steps: { step: string }[]; missing: { step: string; code: string }[] } = JSON.parse(
      first.stdout,
    );
    const updates = operations.includes('UpdateContinuousBackups');
    const steps = ['create-table', 'enable-ttl', ...(updates ? [] : ['enable-point-in-time-recovery']), 'create-key'];
    expect(made.steps.map(({ step }) => step)).toEqual(steps);
    expect(made.missing.map(({ step }) => step)).toEqual(updates ? ['enable-point-in-time-recovery'] : []);
    const issued = await session.run(['issue', '--env', 'prod', '--client', 'partner']);
    expect(issued).toMatchObject({ code: 0 });

    const again = await session.run([...INIT, '--yes']);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toContain('Not done: keep 35 days of point-in-time recovery');
    expect(again.stderr).toContain(`Environment prod is set up already`);
    expect((await doctor()).map(({ name }) => name)).toEqual(['recovery']);
    proxy.plan(() => undefined);
    const last = await session.run([...INIT, '--yes', '--json']);
    expect(JSON.parse(last.stdout)).toMatchObject({ kid: made.kid, created: updates, missing: [] });
    expect(await doctor()).toEqual([]);
  });

  /** Runs the built command in the session's directory, with what this process has of AWS. */
  const built = (): BuiltCli => new BuiltCli({ ...aws.env, ...through(), APIKEY_CONFIG: `${session.cwd}/apikey.toml` });

  it.each(WRITES.flatMap((operation) => [[operation, 'before'] as const, [operation, 'after'] as const]))(
    'goes on where an earlier run was killed at %s, %s it was done: one key at most is left unused',
    async (operation, when) => {
      using cli = built();
      const running = cli.start([...INIT, '--yes']);
      proxy.plan((wired) => {
        if (wired.operation !== operation) return undefined;
        running.process.kill('SIGKILL');
        return { kind: when === 'before' ? 'drop' : 'lose' };
      });
      expect((await running.outcome).code).toBeNull();
      proxy.plan(() => undefined);
      await session.init();
      const findings = (await doctor()).map(({ name }) => name);
      expect([[], ['unused']]).toContainEqual(findings);
      expect((await session.run(['issue', '--env', 'prod', '--client', 'partner'])).code).toBe(0);
    },
  );

  it('run by several at once makes one ring, which all of them report', async () => {
    using cli = built();
    const runs = await Promise.all([1, 2, 3].map(() => cli.json<{ kid: string }>([...INIT, '--yes'])));
    expect(new Set(runs.map(({ kid }) => kid)).size).toBe(1);
    const { code, stderr }: Result = await session.run(['issue', '--env', 'prod', '--client', 'partner']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    // The keys of those that came too late wait for their deletion.
    expect(await doctor()).toEqual([]);
  });
});
