/** HTTP authorizers: both payload formats, both kinds of answer, and what the gateway's cache key must hold. */
import { UnavailableError } from '@apikey/shared';
import { describe, expect, test } from 'vitest';
import { API, BASE, httpEventV1, httpEventV2 } from '../../test/lambda-events.ts';
import { World } from '../../test/world.ts';
import {
  AuthorizerFault,
  httpAuthorizer,
  type HttpAuthorizerEvent,
  type HttpAuthorizerOptions,
  type Route,
} from '../index.ts';
import { policyAllows } from './policy.ts';

const routes: Route[] = [
  { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
  { method: 'POST', path: '/plans', scopes: ['plans:write'] },
];

describe('simple answers', () => {
  test('allow a live token and say who it is', async () => {
    const world = new World();
    const { token, jti, claims } = world.issue({ scopes: ['plans:read'] });
    await expect(httpAuthorizer(world.authorizer())(httpEventV2(token))).resolves.toEqual({
      isAuthorized: true,
      context: { client: 'partner', jti, scopes: 'plans:read', kid: world.key.kid, exp: claims.exp },
    });
  });

  test('deny everything else with nothing but that', async () => {
    const world = new World();
    const { token, jti } = world.issue();
    world.revoke(jti);
    const handler = httpAuthorizer(world.authorizer());
    for (const presented of [token, 'garbage', '']) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(httpEventV2(presented))).resolves.toEqual({ isAuthorized: false });
    }
  });

  test('hold to the routes, whatever the stage is called', async () => {
    const world = new World();
    const { token } = world.issue({ scopes: ['plans:read'] });
    const handler = httpAuthorizer(world.authorizer(), { routes });
    const ask = async (method: string, path: string, stage: string): Promise<boolean | undefined> => {
      const answer = await handler(httpEventV2(token, { method, path, stage }));
      return 'isAuthorized' in answer ? answer.isAuthorized : undefined;
    };
    for (const stage of ['$default', 'prod', 'plans']) {
      // oxlint-disable-next-line no-await-in-loop
      expect([await ask('GET', '/plans/1', stage), await ask('POST', '/plans', stage)]).toEqual([true, false]);
      // oxlint-disable-next-line no-await-in-loop
      expect([await ask('GET', '/plans/%2e%2e/1', stage), await ask('GET', '/', stage)]).toEqual([false, false]);
    }
  });

  test.each([
    ['a base path', '/v1/plans/1', '$default'],
    ['a base path of several segments', '/team/v1/plans/1', '$default'],
    ['a base path before a named stage', '/v1/prod/plans/1', 'prod'],
    ['a base path that is called like the stage', '/prod/plans/1', '$default'],
    ['a base path that is called like another route', '/admin/plans/1', '$default'],
    ['no base path', '/plans/1', '$default'],
  ])('judge the path of the route, as policies do, on a domain with %s', async (_, rawPath, stage) => {
    const world = new World();
    const { token } = world.issue({ scopes: ['plans:read'] });
    const all: Route[] = [...routes, { method: 'GET', path: '/admin/*', scopes: ['admin'] }];
    const event = (method: string, path: string) => ({ ...httpEventV2(token, { method, path, stage }), rawPath });
    const simple = httpAuthorizer(world.authorizer(), { routes: all });
    const policy = httpAuthorizer(world.authorizer(), { routes: all, responses: 'policy' });
    for (const [method, path] of [
      ['GET', '/plans/1'],
      ['POST', '/plans'],
      ['GET', '/admin/1'],
      ['GET', '/other'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const [said, stated] = await Promise.all([simple(event(method, path)), policy(event(method, path))]);
      if (!('isAuthorized' in said) || !('policyDocument' in stated)) throw new Error('another form of answer');
      expect(said.isAuthorized).toBe(path === '/plans/1');
      expect(policyAllows(stated.policyDocument, `${API}/${stage}/${method}${path}`)).toBe(said.isAuthorized);
    }
  });

  test('are given for the stages that are served, in both forms', async () => {
    const world = new World();
    const { token } = world.issue();
    for (const responses of ['simple', 'policy'] as const) {
      const handler = httpAuthorizer(world.authorizer(), { stages: ['prod'], responses });
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(httpEventV2(token, { stage: 'prod' }))).resolves.toBeDefined();
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(httpEventV2(token))).rejects.toMatchObject({ option: 'stages' });
    }
  });

  test('add the routes of the authorizer to their own', async () => {
    const world = new World();
    const { token } = world.issue({ scopes: ['plans:read'] });
    const authorizer = world.authorizer({ routes: [{ method: '*', path: '*', scopes: ['admin'] }] });
    await expect(httpAuthorizer(authorizer, { routes })(httpEventV2(token))).resolves.toEqual({ isAuthorized: false });
  });

  test('allow a public route without a token, and say nothing of a token that comes with it', async () => {
    const world = new World();
    const open: Route[] = [...routes, { method: 'GET', path: '/up', public: true }];
    const handler = httpAuthorizer(world.authorizer(), { routes: open });
    for (const token of ['', 'garbage', world.issue().token]) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(httpEventV2(token, { path: '/up' }))).resolves.toEqual({ isAuthorized: true });
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(httpEventV2(token, { path: '/plans/1' }))).resolves.toEqual({ isAuthorized: false });
    }
  });

  test('and policies report no denial of a public request without a token', async () => {
    const world = new World();
    const open: Route[] = [...routes, { method: 'GET', path: '/up', public: true }];
    const bare = { headers: {}, multiValueHeaders: {} };
    for (const responses of ['simple', 'policy'] as const) {
      const handler = httpAuthorizer(world.authorizer(), { routes: open, responses });
      // oxlint-disable-next-line no-await-in-loop
      await handler({ ...httpEventV2('', { path: '/up' }), ...bare });
      // oxlint-disable-next-line no-await-in-loop
      const answer = await handler({ ...httpEventV1('', { path: '/up' }), ...bare });
      expect(answer).toMatchObject({ principalId: 'no token' });
    }
    expect(world.reports).toEqual([]);
  });

  test('allow HEAD where GET is allowed', async () => {
    const world = new World();
    const { token } = world.issue({ scopes: ['plans:read'] });
    const event = httpEventV2(token, { method: 'HEAD' });
    await expect(httpAuthorizer(world.authorizer(), { routes })(event)).resolves.toMatchObject({ isAuthorized: true });
  });

  test('are not given when the registry is out of reach', async () => {
    const world = new World();
    const { token } = world.issue();
    world.beforeStatus = () => {
      throw new UnavailableError('gone');
    };
    await expect(httpAuthorizer(world.authorizer())(httpEventV2(token))).rejects.toBeInstanceOf(AuthorizerFault);
  });
});

describe('a path that the gateway has decoded', () => {
  const open: Route[] = [
    { method: 'GET', path: '/docs/*', scopes: ['docs:read'] },
    { method: 'GET', path: '/docs/my secret', scopes: ['admin'] },
    { method: 'GET', path: '/a b', scopes: ['docs:read'] },
  ];
  const cases: [path: string, allowed: boolean][] = [
    ['/docs/a b', true],
    ['/docs/a+b', true],
    ['/a b', true],
    ['/docs/é', true],
    ['/docs/你好/🙂', true],
    ['/docs/{a}^"<b>`', true],
    ['/docs/my secret', false],
    ['/docs/MY SECRET', false],
    ['/docs/my secret/', false],
    ['/docs/my\u00a0secret', false],
    ['/docs/a ', false],
    ['/docs/a b/../my secret', false],
    ['/docs/a b/．．/x', false],
    ['/docs/a b%20c', false],
    ['/docs/a b%2e', false],
    ['/docs/a b?c', false],
    ['/docs/a b#c', false],
    ['/docs/a\tb', false],
    ['/docs/a\\b', false],
    ['/docs/a//b c', false],
    ['/docs/a\ud800', false],
    ['/docs/a\ufffd', false],
  ];
  test.each(cases)('is judged as the one that was sent, in every form of answer: %j', async (path, allowed) => {
    const world = new World();
    const { token } = world.issue({ scopes: ['docs:read'] });
    const stages = ['prod', '$default'];
    const simple = httpAuthorizer(world.authorizer(), { routes: open, stages });
    const policy = httpAuthorizer(world.authorizer(), { routes: open, stages, responses: 'policy' });
    await expect(simple(httpEventV2(token, { path }))).resolves.toMatchObject({ isAuthorized: allowed });
    const stated = async (event: HttpAuthorizerEvent, arn: string): Promise<boolean> => {
      const answer = await policy(event).catch(() => ({ isAuthorized: false }));
      return 'policyDocument' in answer && policyAllows(answer.policyDocument, arn);
    };
    expect(await stated(httpEventV2(token, { path }), `${API}/$default/GET${path}`)).toBe(allowed);
    expect(await stated(httpEventV1(token, { path }), `${BASE}/GET${path}`)).toBe(allowed);
  });
});

describe('answers with a policy', () => {
  const cases: [string, HttpAuthorizerOptions, typeof httpEventV1 | typeof httpEventV2, string][] = [
    ['1.0', {}, httpEventV1, BASE],
    ['1.0', { responses: 'policy' }, httpEventV1, BASE],
    ['2.0', { responses: 'policy' }, httpEventV2, `${API}/$default`],
  ];

  test.each(cases)('to payload format %s with %j are right for every route', async (_, options, event, base) => {
    const world = new World();
    const { token } = world.issue({ scopes: ['plans:read'] });
    const handler = httpAuthorizer(world.authorizer(), { ...options, routes });
    const allowed = await handler(event(token));
    const denied = await handler(event(token, { method: 'POST', path: '/plans' }));
    for (const answer of [allowed, denied]) {
      expect(answer).toMatchObject({ principalId: 'partner', context: { client: 'partner' } });
      if (!('policyDocument' in answer)) throw new Error('no policy');
      expect(policyAllows(answer.policyDocument, `${base}/GET/plans/1`)).toBe(true);
      expect(policyAllows(answer.policyDocument, `${base}/POST/plans`)).toBe(false);
    }
  });

  test.each(cases)('to payload format %s with %j deny a token that is not live', async (_, options, event, base) => {
    const world = new World();
    const { jti, token } = world.issue();
    world.revoke(jti);
    await expect(httpAuthorizer(world.authorizer(), options)(event(token))).resolves.toEqual({
      principalId: 'denied',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Deny', Resource: [`${base}/*/*`] }],
      },
    });
  });

  test('are checked for their size when the handler is created, simple ones when a policy is first needed', async () => {
    const world = new World();
    const many = Array.from({ length: 200 }, (_, index) => ({ method: 'GET', path: `/r${index}/*`, scopes: [] }));
    expect(() => httpAuthorizer(world.authorizer(), { routes: many, responses: 'policy' })).toThrow(/takes 8192/);
    const handler = httpAuthorizer(world.authorizer(), { routes: many });
    const { token } = world.issue();
    await expect(handler(httpEventV2(token, { path: '/r7/x' }))).resolves.toMatchObject({ isAuthorized: true });
    await expect(handler(httpEventV1(token))).rejects.toThrow(/takes 8192/);
  });
});

describe('with a result TTL', () => {
  const ttl = { gatewayResultTtl: 60 };

  test('simple answers need the route key among the identity sources, or nobody gets one', async () => {
    const world = new World();
    const { token } = world.issue();
    const handler = httpAuthorizer(world.authorizer(ttl));
    await expect(handler(httpEventV2(token))).resolves.toMatchObject({ isAuthorized: true });
    for (const presented of [token, 'garbage']) {
      const event = httpEventV2(presented, { sources: ['something else'] });
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(event)).rejects.toThrow(/\$context\.routeKey must be an identity source/);
    }
    await expect(handler({ ...httpEventV2(token), identitySource: null })).rejects.toThrow(/identity source/);
  });

  test.each([
    ['ANY /{proxy+}', ['/plans/1', 'GET']],
    ['$default', ['/plans/1', 'GET']],
    ['GET /plans/{id}', ['/plans/1']],
  ])('with routes, the route key %s needs what it stands for among the identity sources', async (routeKey, needed) => {
    const world = new World();
    const { token } = world.issue({ scopes: ['plans:read'] });
    const handler = httpAuthorizer(world.authorizer(ttl), { routes });
    const event = (sources: readonly string[]) => httpEventV2(token, { routeKey, sources: [routeKey, ...sources] });
    await expect(handler(event(needed))).resolves.toMatchObject({ isAuthorized: true });
    for (const missing of needed) {
      const rest = needed.filter((value) => value !== missing);
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(event(rest))).rejects.toThrow(/stands for many requests/);
    }
    const sent = { ...event(needed), queryStringParameters: { from: '/plans/1' } };
    await expect(handler(sent)).resolves.toEqual({ isAuthorized: false });
    const withoutRoutes = httpAuthorizer(world.authorizer(ttl));
    await expect(withoutRoutes(event([]))).resolves.toMatchObject({ isAuthorized: true });
  });

  test('a route key that the client sent along proves nothing, and is denied', async () => {
    const world = new World();
    const { token } = world.issue();
    const event = httpEventV2(token, { headers: { 'x-tenant': 'GET /plans/1' } });
    await expect(httpAuthorizer(world.authorizer(ttl))(event)).resolves.toEqual({ isAuthorized: false });
  });

  test('answers with a policy need no route key: they state every route', async () => {
    const world = new World();
    const { token } = world.issue();
    const handler = httpAuthorizer(world.authorizer(ttl), { responses: 'policy' });
    await expect(handler(httpEventV2(token, { sources: [] }))).resolves.toMatchObject({ principalId: 'partner' });
  });

  test.each([
    ['2.0', 'simple' as const, (token: string, sources: string[]) => httpEventV2(token, { sources })],
    ['2.0', 'policy' as const, (token: string, sources: string[]) => httpEventV2(token, { sources })],
    [
      '1.0',
      'policy' as const,
      (token: string, sources: string[]) => httpEventV1(token, { sources: [`Bearer ${token}`, ...sources].join(',') }),
    ],
  ])('networks need the address among the identity sources (%s, %s)', async (_, responses, event) => {
    const world = new World();
    world.addClient('partner', { cidrs: ['192.0.2.0/24'] });
    world.addClient('anywhere');
    const { token } = world.issue();
    const free = world.issue({ client: 'anywhere' });
    const handler = httpAuthorizer(world.authorizer(ttl), { responses });
    await expect(handler(event(token, ['GET /plans/1']))).rejects.toThrow(/\$context\.identity\.sourceIp must be/);
    await expect(handler(event(free.token, ['GET /plans/1']))).resolves.toBeDefined();
    const answer = await handler(event(token, ['GET /plans/1', '192.0.2.10']));
    expect('isAuthorized' in answer ? answer.isAuthorized : answer.principalId === 'partner').toBe(true);
    expect(world.reports.at(-1)).toMatchObject({ allowed: true });
  });

  test('an address outside of the networks is denied as ever', async () => {
    const world = new World();
    world.addClient('partner', { cidrs: ['198.51.100.0/24'] });
    const { token } = world.issue();
    const event = httpEventV2(token, { sources: ['GET /plans/1', '192.0.2.10'] });
    await expect(httpAuthorizer(world.authorizer(ttl))(event)).resolves.toEqual({ isAuthorized: false });
  });
});

test.each<[object, string]>([
  [{ responses: 'iam' }, 'responses'],
  [{ stages: 'prod' }, 'stages'],
  [{ routes: [{ method: 'GET', path: 'plans', scopes: [] }] }, 'routes[0].path'],
  [{ usageIdentifierKey: 'client' }, 'usageIdentifierKey'],
])('creating a handler fails for %j', (options, option) => {
  expect(() => httpAuthorizer(new World().authorizer(), options)).toThrow(expect.objectContaining({ option }));
});
