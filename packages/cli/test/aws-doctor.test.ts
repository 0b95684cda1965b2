/** `apikey doctor` on AWS: the table, property by property; keys and access are in aws-bad-input.test.ts. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { awsError, startFaultProxy, type FaultProxy } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import { call } from './aws-wire.ts';

const aws = await awsForTests();

interface Check {
  readonly name: string;
  readonly ok: boolean | null;
  readonly what: string;
  readonly fix: string | null;
}

describeOnEmulator(aws, 'apikey doctor on AWS', (endpoint) => {
  let proxy: FaultProxy;
  let session: AwsSession;
  const checks = async (...flags: readonly string[]): Promise<Check[]> => {
    const { stdout, stderr } = await session.run(['doctor', '--env', 'prod', '--json', ...flags]);
    expect(stderr).toBe('');
    const report: { checks: Check[] } = JSON.parse(stdout);
    return report.checks;
  };
  const findings = async (): Promise<Check[]> => (await checks()).filter(({ ok }) => ok === false);
  const table = (operation: string, more: object): Promise<object> =>
    call(endpoint, 'dynamodb', operation, { TableName: session.table, ...more });

  beforeAll(async () => {
    proxy = await startFaultProxy(endpoint);
  });
  beforeEach(async () => {
    proxy.plan(() => undefined);
    session = new AwsSession();
    stubTestAws(aws, session, { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint, AWS_ENDPOINT_URL_KMS: proxy.endpoint });
    await session.init();
  });
  afterEach(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });
  afterAll(() => proxy.stop());

  it('looks at everything and changes nothing', async () => {
    proxy.plan(() => undefined);
    const { code, stdout, stderr } = await session.run(['doctor', '--env', 'prod']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [{ kid }]: [{ kid: string }] = JSON.parse(
      (await session.run(['keys', 'list', '--env', 'prod', '--json'])).stdout,
    );
    const shown = stdout
      .replaceAll(session.table, 'TABLE')
      .replaceAll(kid.slice(0, 12), 'KID')
      .replaceAll(/\d+ s from/g, '0 s from');
    expect(shown).toMatchInlineSnapshot(`
      "✓ caller      arn:aws:iam::111122223333:root
      ✓ endpoint    account 111122223333 in us-east-1, at the endpoints of AWS
      ✓ clock       0 s from that of AWS
      ✓ table       TABLE is ACTIVE
      ✓ table       its keys are those of apikey
      ✓ index       by-time is ACTIVE
      ✓ ttl         items past their retention expire by the attribute ttl
      ✓ recovery    point-in-time recovery is on
      ✓ protection  deletion protection is on
      ✓ billing     on demand
      ✓ ring        KID signs, of 1 key in the ring
      ✓ key         KID (active, ES256) is enabled, SIGN_VERIFY, and the one that the ring means
      ✓ alias       alias/TABLE/KID points to the key
      ✓ unused      no key in KMS is outside the ring
      ✓ sign        the caller may sign with the active key
      ✓ pending     no token has been pending for more than a day
      ✓ times       no event of the last 30 days goes back in time, and none is dated in the future
      ✓ bound       a revocation holds for the next request (gateway_result_ttl 0 + max_staleness 0 + stale_if_error 0)

      no findings in environment prod
      "
    `);
    const reads = /^(?:Describe|Get|List|Query|BatchGet)/;
    expect(proxy.calls.filter((operation) => !reads.test(operation))).toEqual(['Sign']);
  });

  it('tells what is off, with the command that turns it on', async () => {
    // As the service says it: MiniStack keeps what it is told, though it protects nothing.
    await table('UpdateTable', { DeletionProtectionEnabled: false });
    await table('UpdateTimeToLive', { TimeToLiveSpecification: { Enabled: false, AttributeName: 'ttl' } });
    await table('UpdateContinuousBackups', {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
    });
    expect(await findings()).toMatchObject([
      { name: 'ttl', what: 'time to live is off', fix: 'run: apikey init --env prod' },
      { name: 'recovery', what: 'point-in-time recovery is off', fix: 'run: apikey init --env prod' },
      {
        name: 'protection',
        what: 'deletion protection is off, expected on',
        fix: `aws dynamodb update-table --deletion-protection-enabled --table-name ${session.table}`,
      },
    ]);
    await table('UpdateTable', { DeletionProtectionEnabled: true });
    // As it says itself.
    await session.init();
    expect(await findings()).toEqual([]);
  });

  it('tells of a table that cannot be used yet', async () => {
    proxy.plan(({ operation }) =>
      operation === 'DescribeTable'
        ? { kind: 'rewrite', answer: (body) => body.replaceAll('"ACTIVE"', '"CREATING"') }
        : undefined,
    );
    expect(await findings()).toMatchObject([{ name: 'table', fix: 'wait a minute' }]);
  });

  it('goes on where one thing may not be looked at', async () => {
    proxy.plan(({ operation }) => (operation === 'ListKeys' ? awsError('AccessDeniedException') : undefined));
    const all = await checks();
    expect(all.filter(({ ok }) => ok === false)).toEqual([]);
    expect(all.find(({ ok }) => ok === null)).toMatchObject({ name: 'unused' });
    proxy.plan(({ operation }) => (operation === 'DescribeKey' ? awsError('AccessDeniedException') : undefined));
    expect(await findings()).toMatchObject([{ name: 'key', fix: expect.stringContaining('apikey iam') }]);
  });

  it('says that the caller may not sign, unless it is not to ask', async () => {
    proxy.plan(({ operation }) => (operation === 'Sign' ? awsError('AccessDeniedException') : undefined));
    expect(await findings()).toMatchObject([
      {
        name: 'sign',
        what: expect.stringContaining('may not sign'),
        fix: expect.stringContaining('apikey iam issuer'),
      },
    ]);
    expect((await checks('--no-sign')).filter(({ ok }) => ok === false)).toEqual([]);
  });

  it('says where it went, and that nobody is there', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_STS', 'http://127.0.0.1:1');
    const [found, ...others] = await findings();
    expect(others).toEqual([]);
    expect(found).toMatchObject({ name: 'caller', what: 'AWS cannot be reached' });
  });

  it('finds a ring that names a key of another account, or none of KMS', async () => {
    const key = { pk: { S: 'RING#main' }, sk: { S: 'RING' } };
    const change = (ref: string): Promise<object> =>
      table('UpdateItem', {
        Key: key,
        UpdateExpression: 'SET #keys[0].#ref = :ref',
        ExpressionAttributeNames: { '#keys': 'keys', '#ref': 'ref' },
        ExpressionAttributeValues: { ':ref': { S: ref } },
      });
    await change('arn:aws:kms:us-east-1:999999999999:key/other');
    expect((await findings()).map(({ what }) => what).join()).toContain('belongs to account 999999999999');
    await change('file:other');
    expect((await findings()).map(({ what }) => what).join()).toContain('is no key in KMS');
  });
});
