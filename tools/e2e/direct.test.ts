/** Both APIs where no answer is reused: every decision reads the registry, and what `apikey` says holds at once. */
// oxlint-disable vitest/expect-expect -- `settle` asserts
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awsForTests, describeOnEmulator } from '../emulator/testing.ts';
import { settle } from './cases.ts';
import { startCutProxy, type CutProxy } from './cut-proxy.ts';
import { addFunctionVariables, policyDocument, readItem } from './emulator-calls.ts';
import { KINDS, type Ask, type Kind, type Reply } from './gateway.ts';
import { makeWorld, type Issued, type World } from './world.ts';

const aws = await awsForTests();
/** What the two kinds of APIs answer to a credential that is not live. */
const DENIED = { REST: '401', HTTP: '403' } as const;

describeOnEmulator(aws, 'APIs that reuse no answer', (endpoint) => {
  let world: World;
  let proxy: CutProxy;
  let reader: Issued;
  let writer: Issued;

  beforeAll(async () => {
    world = await makeWorld(aws, endpoint, 'direct', { resultTtl: 0, trackUsage: true });
    // Between the function and its table, as any network is.
    proxy = await startCutProxy(endpoint);
    await addFunctionVariables(endpoint, world.deployment.function, { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint });
    reader = await world.issue('reader', '--scope', 'plans:read');
    writer = await world.issue('writer', '--scope', 'plans:read', '--scope', 'plans:write');
    await world.gather();
  });
  afterAll(async () => {
    await world?.stop();
    await proxy?.stop();
  });

  describe.each(KINDS)('%s', (kind) => {
    const api = `${kind}, 0 s`;
    const status = async (ask: Ask): Promise<string> => String((await world.gateway(kind, ask)).status);

    test('a request without a token is denied', async ({ task }) => {
      settle(task, { api, name: 'no token', expected: DENIED[kind], seen: await status({}) });
    });

    test.for<readonly [string, () => string]>([
      ['garbage', () => 'garbage'],
      ['tampered claims', () => withClaims(reader.token, { scope: 'plans:write' })],
      ['tampered signature', () => withOtherSignature(reader.token)],
      ['no signature (alg none)', () => `${reader.token.split('.').slice(0, 2).join('.')}.`],
    ])('a forgery is denied: %s', async ([name, token], { task }) => {
      settle(task, { api, name, expected: DENIED[kind], seen: await status({ token: token() }) });
    });

    test('a token is denied from the second at which it expires', async ({ task }) => {
      const short = await world.cli.json<Issued>(['issue', '--client', 'short', '--ttl', '3s']);
      const before = await status({ token: short.token });
      settle(task, { api, name: 'before it expires', expected: '200', seen: before });
      await sleep(Date.parse(short.expiresAt) - Date.now());
      settle(task, { api, name: 'expired', expected: DENIED[kind], seen: await status({ token: short.token }) });
    });

    test('a token for another audience is denied', async ({ task }) => {
      const { token } = await world.issue('stranger', '--audience', 'https://other.example.gov');
      settle(task, { api, name: 'wrong audience', expected: DENIED[kind], seen: await status({ token }) });
    });

    test('a live token reaches the backend with the name of its client', async ({ task }) => {
      const reply = await world.gateway(kind, { token: reader.token, path: '/plans/1' });
      settle(task, {
        api,
        name: 'live',
        expected: '200 as reader',
        seen: `${reply.status} as ${String(reply.seen['client'])}`,
      });
      expect(reply.seen).toMatchObject({ method: 'GET', jti: reader.jti, kid: reader.kid, scopes: 'plans:read' });
      expect(Number(reply.seen['exp'])).toBe(Date.parse(reader.expiresAt) / 1000);
    });

    test('a live token is denied where its scopes do not reach', async ({ task }) => {
      const { token } = reader;
      const post = await status({ token, method: 'POST', path: '/plans/1' });
      settle(task, { api, name: 'out of scope: POST with plans:read', expected: '403', seen: post });
      settle(task, { api, name: 'no such route', expected: '403', seen: await status({ token, path: '/admin' }) });
      const both = await status({ token: writer.token, method: 'POST', path: '/plans/1' });
      settle(task, { api, name: 'in scope: POST with plans:write', expected: '200', seen: both });
    });

    test('a revoked token is denied from the next request on', async ({ task }) => {
      const { token, jti } = await world.issue('leaver');
      settle(task, { api, name: 'before its revocation', expected: '200', seen: await status({ token }) });
      await world.apikey('revoke', jti, '--yes');
      const ten = await Promise.all(Array.from({ length: 10 }, () => status({ token })));
      settle(task, {
        api,
        name: 'revoked, asked ten times at once',
        expected: DENIED[kind],
        seen: [...new Set(ten)].join(),
      });
    });

    test('a suspended client is denied until it is resumed', async ({ task }) => {
      const client = `pausing-${kind.toLowerCase()}`;
      const { token } = await world.issue(client);
      await world.apikey('clients', 'suspend', client, '--yes');
      settle(task, { api, name: 'client suspended', expected: DENIED[kind], seen: await status({ token }) });
      await world.apikey('clients', 'resume', client);
      settle(task, { api, name: 'client resumed', expected: '200', seen: await status({ token }) });
    });
  });

  test('a REST API says what it wants, and the same for every reason', async ({ task }) => {
    const api = 'REST, 0 s';
    const none = await world.gateway('REST', {});
    const forged = await world.gateway('REST', { token: 'garbage' });
    const outside = await world.gateway('REST', { token: reader.token, path: '/admin' });
    const expected = 'Bearer, application/problem+json, status 401';
    settle(task, { api, name: 'answer to no token', expected, seen: inWords(none) });
    settle(task, { api, name: 'answer to garbage', expected, seen: inWords(forged) });
    settle(task, {
      api,
      name: 'answer to out of scope',
      expected: 'Bearer error="insufficient_scope", application/problem+json, status 403',
      seen: inWords(outside),
    });
  });

  test('the last use of a token is recorded, and of one that was denied there is none', async ({ task }) => {
    const { table } = world.deployment;
    const printed: unknown = JSON.parse((await world.cli.run(['iam', 'authorizer', '--track-usage', '-q'])).stdout);
    expect(await policyDocument(endpoint, 'apikey-direct-authorizer')).toEqual(printed);
    const [used, revoked] = [await world.issue('used'), await world.issue('unused')];
    const begin = Math.floor(Date.now() / 1000);
    await world.apikey('revoke', revoked.jti, '--yes');
    await world.gateway('HTTP', { token: used.token });
    await world.gateway('HTTP', { token: revoked.token });
    const item = await readItem(endpoint, table, `USAGE#${used.jti}`, 'USAGE');
    const usedAt = Number(Object(Reflect.get(item, 'usedAt')).N);
    const ttl = Date.parse(used.expiresAt) / 1000 + 400 * 86_400;
    expect(item).toMatchObject({ jti: { S: used.jti }, client: { S: 'used' }, ttl: { N: String(ttl) } });
    const seen = begin <= usedAt && usedAt <= Date.now() / 1000 ? 'this use' : String(usedAt);
    settle(task, { api: 'HTTP, 0 s', name: 'last use recorded', expected: 'this use', seen });
    expect(await readItem(endpoint, table, `USAGE#${revoked.jti}`, 'USAGE')).toEqual({});
  });

  // In this test alone every answer counts as it comes.
  test('while the registry is out of reach nobody is let in, and nobody is denied for long', async ({ task }) => {
    const faultsOver = world.crowd?.expectFaults();
    proxy.cut();
    const ask = async (kind: Kind, token: string): Promise<string> =>
      String((await world.direct(kind, { token })).status);
    for (const kind of KINDS) {
      const api = `${kind}, 0 s`;
      settle(task, { api, name: 'registry cut off: live', expected: '500', seen: await ask(kind, reader.token) });
      settle(task, {
        api,
        name: 'registry cut off: garbage',
        expected: DENIED[kind],
        seen: await ask(kind, 'garbage'),
      });
    }
    proxy.mend();
    for (const kind of KINDS) {
      const { status } = await world.gateway(kind, { token: reader.token });
      settle(task, { api: `${kind}, 0 s`, name: 'registry back', expected: '200', seen: String(status) });
    }
    faultsOver?.();
  });

  test('ten clients were let in under their own names throughout', async ({ task }) => {
    await world.crowd?.leave();
    const { answers = 0, complaints = ['nobody came'] } = world.crowd ?? {};
    expect(answers).toBeGreaterThan(100);
    const seen = complaints.length === 0 ? 'let in under their own names' : complaints.slice(0, 3).join('; ');
    const name = `ten clients throughout (${answers} answers; asked again after a fault: ${world.faults})`;
    settle(task, { api: 'both, 0 s', name, expected: 'let in under their own names', seen });
  });
});

function inWords({ headers, body }: Reply): string {
  const problem: { readonly status?: unknown } = Object(JSON.parse(body));
  return `${String(headers['www-authenticate'])}, ${String(headers['content-type'])}, status ${String(problem.status)}`;
}

function withClaims(token: string, claims: object): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const changed = { ...Object(JSON.parse(Buffer.from(payload, 'base64url').toString())), ...claims };
  return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
}

function withOtherSignature(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  return [header, payload, bytes.toString('base64url')].join('.');
}
