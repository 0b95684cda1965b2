/** Access denied at each single call that a command makes on AWS: an error or a finding of ours, and nothing is lost. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { awsError, startFaultProxy, type FaultProxy } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import type { Result } from './session.ts';

const aws = await awsForTests();
const VENDOR_TEXT = 'a text of the vendor';
const CALLER = 'arn:aws:sts::111122223333:assumed-role/dev/me';
const DENIAL = awsError('AccessDeniedException', `${VENDOR_TEXT}: User: ${CALLER} is not authorized`);

interface Subject {
  readonly token: string;
  readonly jti: string;
}

/** The one error, which names call and caller and says whose policy to attach. */
function expectDenied({ code, stdout, stderr }: Result, operation: string): void {
  expect({ operation, code, stdout }).toEqual({ operation, code: 4, stdout: '' });
  const { error }: { error: { why: string } } = JSON.parse(stderr);
  expect(error).toMatchObject({ code: 'ACCESS_DENIED', fix: expect.stringContaining('apikey iam') });
  expect(error.why).toMatch(
    new RegExp(`^AccessDeniedException for ${CALLER} \\((?:dynamodb|kms):${operation} on .+\\)$`),
  );
  expect(stderr).not.toContain(VENDOR_TEXT);
}

describeOnEmulator(aws, 'access denied', (endpoint) => {
  let proxy: FaultProxy;
  let session: AwsSession;
  const run = (argv: readonly string[], stdin = ''): Promise<Result> => {
    const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
    const flags = ['--env', 'prod', '--json'];
    return session.run([...argv.slice(0, end), ...flags, ...argv.slice(end)], { stdin });
  };
  const isLive = async (jti: string): Promise<boolean> => JSON.parse((await run(['show', jti])).stdout).live;

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

  it.each<[string, (jti: string, kid: string) => readonly string[]]>([
    ['issue', () => ['issue', '--client', 'partner']],
    ['activate', (jti) => ['activate', jti]],
    ['rotate', (jti) => ['rotate', jti]],
    ['revoke', (jti) => ['revoke', jti, '--yes']],
    ['revoke --all', () => ['revoke', '--client', 'partner', '--all', '--yes']],
    ['show', (jti) => ['show', jti]],
    ['list', () => ['list']],
    ['verify', () => ['verify']],
    ['clients list', () => ['clients', 'list']],
    ['clients set', () => ['clients', 'set', 'partner', '--purpose', randomUUID()]],
    ['clients revoke', () => ['clients', 'revoke', 'partner', '--confirm', 'partner']],
    ['keys list', () => ['keys', 'list']],
    ['keys export', () => ['keys', 'export']],
    ['keys create', () => ['keys', 'create']],
    ['keys revoke', (_, kid) => ['keys', 'revoke', `--confirm=${kid}`, '--', kid]],
    ['audit list', () => ['audit', 'list']],
  ])('at each call of %s is an error, and ends no token', async (name, argvOf) => {
    await session.init();
    const { kid }: { kid: string } = JSON.parse(
      name === 'keys revoke' ? (await run(['keys', 'create'])).stdout : '{"kid":""}',
    );
    const issue = (): Promise<Subject> => session.issue('--client', 'partner', '--env', 'prod');
    let subject = await issue();
    const denied = new Set<string>();
    for (;;) {
      // The first call that has not been denied yet; those before it are let through again.
      let struck: string | undefined;
      proxy.plan(({ operation }) => {
        struck ??= denied.has(operation) ? undefined : operation;
        return struck === operation ? DENIAL : undefined;
      });
      const result = await run(argvOf(subject.jti, kid), subject.token);
      proxy.plan(() => undefined);
      if (struck === undefined) {
        expect(result).toMatchObject({ code: 0 });
        break;
      }
      denied.add(struck);
      expectDenied(result, struck);
      expect(await isLive(subject.jti)).toBe(true);
      // What was prepared would be in the way of the next: the old token is claimed.
      if (name === 'rotate') subject = await issue();
    }
    expect(denied.size).toBeGreaterThan(0);
  });

  it.each([
    ['DescribeTable', 'blank'],
    ['CreateTable', 'blank'],
    ['UpdateTimeToLive', 'blank'],
    ['CreateKey', 'blank'],
    ['CreateAlias', 'blank'],
    ['DescribeTimeToLive', 'set up'],
  ])(
    'at %s is an error of init where AWS is %s, and init goes on from there once it may',
    async (operation, before) => {
      if (before === 'set up') await session.init();
      proxy.plan((call) => (call.operation === operation ? DENIAL : undefined));
      expectDenied(await run(['init', '--yes']), operation);
      proxy.plan(() => undefined);
      await session.init();
      const { jti } = await session.issue('--client', 'partner', '--env', 'prod');
      expect(await isLive(jti)).toBe(true);
    },
  );

  it('at each call of doctor is a finding, or nothing where it can do without', async () => {
    await session.init();
    await session.issue('--client', 'partner', '--env', 'prod');
    proxy.plan(() => undefined);
    expect(await run(['doctor'])).toMatchObject({ code: 0 });
    const spared: string[] = [];
    for (const operation of new Set(proxy.calls)) {
      proxy.plan((call) => (call.operation === operation ? DENIAL : undefined));
      const { code, stdout, stderr } = await run(['doctor']);
      if (code === 0) spared.push(operation);
      else expect({ operation, code, stderr }).toEqual({ operation, code: 11, stderr: '' });
      expect(stdout).not.toContain(VENDOR_TEXT);
    }
    expect(spared.toSorted()).toEqual(['ListKeys', 'ListResourceTags']);
  });
});
