import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { awsError, startFaultProxy, type FaultProxy, type WireFault } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import { errorOf, type Result } from './session.ts';

const aws = await awsForTests();
const DAY = 86_400_000;

/** What the service does, with an answer that says that it is so much later than here. */
function dated(offset: number): WireFault {
  return { kind: 'rewrite', answer: (body) => body, headers: { date: new Date(Date.now() + offset).toUTCString() } };
}

describeOnEmulator(aws, 'a host whose clock AWS contradicts', (endpoint) => {
  let session: AwsSession;
  let proxy: FaultProxy;
  let live: string;
  let client: string;
  let count = 0;
  /** With the client and token of this test. */
  const run = (...argv: readonly string[]): Promise<Result> =>
    session.run([
      ...argv.map((word) => word.replace('{LIVE}', live).replace('CLIENT', client)),
      '--env',
      'prod',
      '--json',
    ]);

  beforeAll(async () => {
    session = new AwsSession();
    proxy = await startFaultProxy(endpoint);
    const endpoints = ['', '_DYNAMODB', '_KMS', '_STS'].map((service) => [
      `AWS_ENDPOINT_URL${service}`,
      proxy.endpoint,
    ]);
    stubTestAws(aws, session, Object.fromEntries(endpoints));
    await session.init();
  });
  beforeEach(async () => {
    proxy.plan(() => undefined);
    count += 1;
    client = `client-${count}`;
    await run('clients', 'set', client, '--scope', 'a');
    live = (await session.issue('--env', 'prod', '--client', client)).jti;
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    session[Symbol.dispose]();
    await proxy.stop();
  });

  const GIVING: readonly (readonly string[])[] = [
    ['issue', '--client', 'CLIENT'],
    ['issue', '--client', 'CLIENT', '--clock-checked'],
    ['rotate', '{LIVE}'],
    ['clients', 'set', 'CLIENT', '--scope', 'a', '--scope', 'new'],
    ['keys', 'create'],
    ['keys', 'rotate', '--now'],
  ];
  it.each(GIVING.flatMap((argv) => [-10 * DAY, 90_000].map((offset) => [argv.join(' '), offset, argv] as const)))(
    'gives nothing: %s, with AWS %i ms ahead',
    async (_, offset, argv) => {
      proxy.plan(() => dated(offset));
      const refused = await run(...argv);
      expect(refused).toMatchObject({ code: 5, stdout: '' });
      expect(errorOf(refused)).toMatchObject({ code: 'CLOCK_SKEW' });
      expect(proxy.calls.filter((call) => /Transact|Sign|CreateKey/.test(call))).toEqual([]);
    },
  );

  it('gives nothing if its clock is set while the command runs', async () => {
    // The answers to the first calls agree, those behind the delivery do not.
    let signed = false;
    proxy.plan(({ operation }) => {
      signed ||= operation === 'Sign';
      return signed && operation !== 'Sign' ? dated(-DAY) : undefined;
    });
    const rotated = await run('rotate', live);
    expect(rotated.code).toBe(5);
    expect(errorOf(rotated)).toMatchObject({ code: 'CLOCK_SKEW' });
    proxy.plan(() => undefined);
    const shown = await run('show', live);
    expect(JSON.parse(shown.stdout)).toMatchObject({ live: true });
  });

  const TAKING: readonly (readonly string[])[] = [
    ['revoke', '{LIVE}', '--yes'],
    ['clients', 'set', 'CLIENT', '--max-ttl', '1d'],
    ['clients', 'suspend', 'CLIENT', '--yes'],
    ['clients', 'revoke', 'CLIENT', '--confirm', 'CLIENT'],
  ];
  it.each(TAKING.flatMap((argv) => [-10 * DAY, 10 * DAY].map((offset) => [argv.join(' '), offset, argv] as const)))(
    'takes away at once: %s, with AWS %i ms ahead, and dates it by AWS',
    async (_, offset, argv) => {
      proxy.plan(() => dated(offset));
      const result = await run(...argv);
      expect(result.code).toBe(0);
      // No read of the audit log tells the time: the answers that came anyway do.
      expect(proxy.calls.filter((call) => call === 'TransactWriteItems')).toHaveLength(1);
      const body: { readonly revokedAt?: string } = JSON.parse(result.stdout);
      if (body.revokedAt !== undefined) {
        expect(Math.abs(Date.parse(body.revokedAt) - Date.now() - offset)).toBeLessThan(120_000);
      }
    },
  );

  it('revokes although AWS refuses the time of the first request', async () => {
    const refusal = awsError('InvalidSignatureException', 'Signature expired: 20261122T000000Z is now earlier than');
    const late = { ...refusal, headers: { date: new Date(Date.now() + DAY).toUTCString() } };
    const refused = new Set<string>();
    proxy.plan(({ operation }) => {
      if (!['GetItem', 'TransactWriteItems'].includes(operation) || refused.has(operation)) return undefined;
      refused.add(operation);
      return late;
    });
    const result = await run('revoke', live, '--yes');
    expect(result.code).toBe(0);
    expect([...refused].toSorted()).toEqual(['GetItem', 'TransactWriteItems']);
  });

  it('asks for no time, and reads no audit log for it', async () => {
    proxy.plan(() => undefined);
    await run('issue', '--client', 'CLIENT');
    expect(proxy.calls).not.toContain('Query');
    expect(proxy.calls.filter((call) => call === '/')).toHaveLength(1);
  });
});
