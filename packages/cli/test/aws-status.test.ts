/** Where one is, on AWS; and tokens that are named by the first characters of their id, without their client. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { awsForTests, describeOnAws } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';

const aws = await awsForTests();
const PROD = ['--env', 'prod'];

describeOnAws(aws, 'an environment on AWS', () => {
  let session: AwsSession;
  beforeAll(() => {
    session = new AwsSession();
    stubTestAws(aws, session);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    session[Symbol.dispose]();
  });

  it('is told of before and after it is set up', async () => {
    const before = await session.run(['status', ...PROD, '--json']);
    expect(JSON.parse(before.stdout)).toMatchObject({ env: 'prod', setUp: false, account: expect.any(String) });
    await session.init();
    await session.issue('--client', 'partner', ...PROD);
    const after = await session.run(['status', ...PROD, '--json']);
    expect(JSON.parse(after.stdout)).toMatchObject({
      envSource: '--env',
      files: [expect.stringContaining('apikey.toml')],
      caller: expect.stringContaining('arn:aws'),
      registry: `dynamodb:${session.table}`,
      setUp: true,
      activeKey: { alg: 'ES256' },
      tokens: { live: 1, pending: 0, complete: true },
    });
    expect((await session.run(['status', ...PROD])).stdout).toMatch(/account +\d+ in /);
  });

  it('finds a token by the first characters of its id', async () => {
    const { jti } = await session.issue('--client', 'billing', ...PROD);
    const shown = await session.run(['show', jti.slice(0, 12), ...PROD, '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ jti, client: 'billing' });
    const revoked = await session.run(['revoke', jti.slice(0, 12), '--yes', ...PROD]);
    expect(revoked.stderr).toContain(`Revoked token ${jti} of billing`);
  });
});
