/** The report of an environment on AWS, made by the role that may read everything and change nothing. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { awsForTests, describeOnAws } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import { errorOf } from './session.ts';

const aws = await awsForTests();
const PROD = ['--env', 'prod'];

describeOnAws(aws, 'the report of an environment on AWS', () => {
  const session = new AwsSession();

  beforeAll(() => stubTestAws(aws, session));
  afterAll(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });

  it('says that there is no registry yet', async () => {
    const result = await session.run(['report', '-o', 'r.html', '--json', ...PROD]);
    expect(result.code).toBe(3);
    expect(errorOf(result).code).toBe('REGISTRY_NOT_FOUND');
  });

  it('holds tokens, keys, events and the state of the audit log', async () => {
    await session.init();
    const { jti } = await session.issue('--client', 'partner', '--note', '<b>bold</b>', ...PROD);
    await session.run(['revoke', jti, '--yes', '--reason', 'left', ...PROD]);
    const { code, stdout, stderr } = await session.run(['report', '-o', 'r.html', '--json', ...PROD]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      env: 'prod',
      clients: 1,
      tokens: 1,
      over: 1,
      attention: { no_contact: 0 },
      audit: { ok: true, chains: 2, events: 6 },
      leftOut: [],
    });
    const page = (await session.run(['report', ...PROD])).stdout;
    const texts = [jti, '&lt;b&gt;bold&lt;/b&gt;', `DynamoDB, ${session.table}`, 'token revoked', 'left'];
    expect(texts.filter((text) => !page.includes(text))).toEqual([]);
  });
});
