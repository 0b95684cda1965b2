/** Seals on AWS: a KMS key of their own, kept in the table, copied to Parameter Store, and still good when the key was rotated. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import { call } from './aws-wire.ts';

const aws = await awsForTests();

describeOnEmulator(aws, 'apikey audit seal on AWS', (endpoint) => {
  let session: AwsSession;
  const run = async (...argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await session.run([...argv, '--env', 'prod']);
    if (code !== 0) throw new Error(`apikey ${argv.join(' ')}: ${code} ${stderr}${stdout}`);
    return stdout;
  };
  beforeAll(async () => {
    session = new AwsSession();
    stubTestAws(aws, session);
    await session.init();
    await run('issue', '--client', 'partner');
  });
  afterAll(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });

  it('is kept in the table and verified from there, from a parameter, and after its key was rotated', async () => {
    const parameter = `/apikey/${session.table}/seal`;
    const made = JSON.parse(await run('audit', 'seal', '--to', `ssm:${parameter}`, '--json'));
    expect(made).toMatchObject({ chains: 3, madeKey: true, to: `ssm:${parameter}, version 1` });
    const verified = JSON.parse(await run('audit', 'verify', '--seal', 'latest', '--json'));
    expect(verified).toMatchObject({ ok: true, seal: { kid: made.kid, trusted: true } });
    await run('keys', 'rotate', '--ring', 'seal', '--now');
    expect(JSON.parse(await run('keys', 'list', '--ring', 'seal', '--json'))).toMatchObject([
      { kid: made.kid, state: 'retiring' },
      { state: 'active' },
    ]);
    const stdin = made.seal;
    expect(await session.run(['audit', 'verify', '--env', 'prod', '--seal', '-'], { stdin })).toMatchObject({
      code: 0,
    });
  });

  it('shows a client that was removed with all its items', async () => {
    await run('issue', '--client', 'billing');
    // Of two seals of one moment either may be the latest.
    session.now += 1_000;
    await run('audit', 'seal', '-q');
    const { Items }: { Items: { pk: { S: string }; sk: { S: string }; client?: { S: string } }[] } = await call(
      endpoint,
      'dynamodb',
      'Scan',
      { TableName: session.table },
    );
    const gone = Items.filter(({ pk, client }) => pk.S.endsWith('#billing') || client?.S === 'billing');
    expect(gone.length).toBeGreaterThan(4);
    for (const { pk, sk } of gone) {
      await call(endpoint, 'dynamodb', 'DeleteItem', { TableName: session.table, Key: { pk, sk } });
    }
    expect((await session.run(['audit', 'verify', '--env', 'prod'])).code).toBe(0);
    const { code, stdout } = await session.run(['audit', 'verify', '--env', 'prod', '--seal', 'latest', '--json']);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 11,
      findings: [{ kind: 'sealed_missing', aggregate: 'client:billing' }],
    });
  });

  it('finds its keys in order: doctor calls none of them left over, and a base that ends in -seal is refused', async () => {
    expect(await run('doctor')).toContain('no key in KMS is outside the ring');
    using other = new AwsSession();
    other.configure(`dynamodb:${other.table}`, `awskms:${session.aliasBase}-seal`);
    const refused = await other.run(['issue', '--client', 'partner', '--env', 'prod']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('-seal') });
  });
});
