/** `apikey serve` over a table and keys on AWS: the sources that it opens, and whose keys it trusts. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { awsForTests, describeOnAws } from '../../../tools/emulator/testing.ts';
import { openSources, type SourceOptions } from '../src/backends/deciding.ts';
import { resolveSettings } from '../src/config/resolve.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import { ask, startGateway, type RunningGateway } from './gateway-world.ts';

const aws = await awsForTests();
const PROD = ['--env', 'prod'];

describeOnAws(aws, 'the gateway of an environment on AWS', () => {
  let session: AwsSession;
  beforeAll(async () => {
    session = new AwsSession();
    stubTestAws(aws, session);
    await session.init();
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    session[Symbol.dispose]();
  });

  async function start(
    options: Partial<SourceOptions> = {},
  ): Promise<{ gateway: RunningGateway; trusted: readonly string[] }> {
    const where = { env: { HOME: session.home }, cwd: session.cwd };
    const settings = await resolveSettings({ env: 'prod', config: undefined }, where);
    const io = { clock: { now: () => session.now } };
    const sources = await openSources(settings, io, { keysAllow: [], trackUsage: false, ...options });
    const { issuer, audience } = settings;
    return { gateway: await startGateway(session, { ...sources, issuer, audience }), trusted: sources.trustedKeys };
  }

  it('decides by the table and KMS, from one request to the next', async () => {
    const { token, jti } = await session.issue('--client', 'partner', '--scope', 'plans:read', ...PROD);
    const { gateway, trusted } = await start({ trackUsage: true });
    await using _ = gateway;
    expect(trusted).toEqual([expect.stringMatching(/^arn:aws:kms:[a-z0-9-]+:\d{12}:key\/\*$/)]);
    expect((await ask(gateway.url, { path: '/readyz' })).status).toBe(200);
    const allowed = await ask(gateway.url, { path: '/authorize', token });
    expect([allowed.status, allowed.headers['x-token-id']]).toEqual([200, jti]);
    const jwks = JSON.parse((await ask(gateway.url, { path: '/.well-known/jwks.json' })).body) as unknown;
    expect(jwks).toEqual(JSON.parse((await session.run(['keys', 'export', ...PROD])).stdout));
    expect((await session.run(['revoke', jti, '--yes', ...PROD])).code).toBe(0);
    expect((await ask(gateway.url, { path: '/authorize', token })).status).toBe(401);
    const shown = JSON.parse((await session.run(['show', jti, '--json', ...PROD])).stdout) as Record<string, unknown>;
    expect(shown['lastUsedAt']).toMatch(/^20/);
  });

  it('trusts no key but those that --keys-allow names', async () => {
    const { token } = await session.issue('--client', 'partner', ...PROD);
    const { gateway } = await start({ keysAllow: ['arn:aws:kms:us-east-1:999999999999:key/*'] });
    await using _ = gateway;
    expect((await ask(gateway.url, { path: '/authorize', token })).status).toBe(503);
    expect(gateway.notices).toEqual([expect.stringContaining('a key that this authorizer does not trust')]);
    await expect(start({ keysAllow: ['alias/mine'] })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});
