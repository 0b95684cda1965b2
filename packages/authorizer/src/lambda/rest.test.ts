/** REST authorizers: 401, 403 and 500 as API Gateway makes them, and answers that stay right while they are kept. */
import { UnavailableError } from '@apikey/shared';
import { describe, expect, test } from 'vitest';
import { ADDRESS, API, BASE, requestEvent, tokenEvent } from '../../test/lambda-events.ts';
import { START, World } from '../../test/world.ts';
import { AuthorizerConfigError, AuthorizerFault, restAuthorizer, type PolicyAnswer, type Route } from '../index.ts';
import { policyAllows } from './policy.ts';

const routes: Route[] = [
  { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
  { method: 'POST', path: '/plans', scopes: ['plans:write'] },
];

function opens({ policyDocument }: PolicyAnswer, method: string, path: string): boolean {
  return policyAllows(policyDocument, `${BASE}/${method}${path}`);
}

describe.each([
  ['TOKEN', tokenEvent],
  ['REQUEST', requestEvent],
])('a %s event', (_, event) => {
  test('of a live token is allowed, with its client as principal and no more than texts and numbers as context', async () => {
    const world = new World();
    const { token, jti, claims } = world.issue({ scopes: ['plans:read', 'plans:write'] });
    const answer = await restAuthorizer(world.authorizer())(event(token));
    expect(answer).toEqual({
      principalId: 'partner',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: [`${BASE}/*/*`] }],
      },
      context: { client: 'partner', jti, scopes: 'plans:read plans:write', kid: world.key.kid, exp: claims.exp },
    });
    expect(JSON.stringify(answer)).not.toContain(token);
  });

  test('of any token that is not live is answered with exactly Unauthorized', async () => {
    const world = new World();
    const handler = restAuthorizer(world.authorizer());
    const { token, jti } = world.issue();
    const expired = world.issue({ claims: { exp: START - 1, iat: START - 10 } });
    world.revoke(jti);
    for (const presented of [token, expired.token, 'garbage', `${token}x`, '', `${token} ${token}`]) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(event(presented))).rejects.toStrictEqual(new Error('Unauthorized'));
    }
  });

  test('on a public route is answered with a policy that opens public routes alone, unless its token is live', async () => {
    const world = new World();
    const open: Route[] = [...routes, { path: '/up', public: true }, { method: 'GET', path: '/any', scopes: [] }];
    const handler = restAuthorizer(world.authorizer(), { routes: open, stages: ['prod'] });
    const dead = world.issue();
    world.revoke(dead.jti);
    for (const presented of ['', 'garbage', dead.token]) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await handler(event(presented, { path: '/up' }));
      expect([answer.principalId, answer.context]).toEqual(['no token', undefined]);
      const paths = ['/up', '/plans/1', '/any', '/other'].map((path) => opens(answer, 'GET', path));
      expect(paths).toEqual([true, false, false, false]);
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(event(presented, { path: '/any' }))).rejects.toStrictEqual(new Error('Unauthorized'));
    }
    const before = world.reports.length;
    const bare = await handler({ ...requestEvent('', { path: '/up' }), headers: {}, multiValueHeaders: {} });
    expect([bare.principalId, world.reports.length]).toEqual(['no token', before]);
    const live = await handler(event(world.issue().token, { path: '/up' }));
    expect(['/up', '/any', '/plans/1'].map((path) => opens(live, 'GET', path))).toEqual([true, true, false]);
    expect(live.principalId).toBe('partner');
  });

  test('is answered with a policy that is right for every method while it is kept', async () => {
    const world = new World();
    const handler = restAuthorizer(world.authorizer({ gatewayResultTtl: 300 }), { routes });
    const reader = world.issue({ scopes: ['plans:read'] });
    const writer = world.issue({ scopes: ['plans:read', 'plans:write'] });
    const read = await handler(event(reader.token));
    expect([opens(read, 'GET', '/plans/1'), opens(read, 'POST', '/plans'), opens(read, 'GET', '/else')]).toEqual([
      true,
      false,
      false,
    ]);
    const written = await handler(event(writer.token, { method: 'POST', path: '/plans' }));
    expect([opens(written, 'GET', '/plans/1'), opens(written, 'POST', '/plans')]).toEqual([true, true]);
  });

  test('of a token without the scope of its route is denied, and what the token does open stays open', async () => {
    const world = new World();
    const handler = restAuthorizer(world.authorizer({ gatewayResultTtl: 300 }), { routes });
    const { token } = world.issue({ scopes: ['plans:read'] });
    const answer = await handler(event(token, { method: 'POST', path: '/plans' }));
    expect(answer.principalId).toBe('partner');
    expect([opens(answer, 'POST', '/plans'), opens(answer, 'GET', '/plans/1')]).toEqual([false, true]);
    expect(world.reports.at(-1)).toMatchObject({ allowed: false, reason: 'insufficient_scope', client: 'partner' });
  });

  test('is a fault while the registry is out of reach, neither 401 nor a policy', async () => {
    const world = new World();
    const { token } = world.issue();
    world.beforeStatus = () => {
      throw new UnavailableError('gone');
    };
    const answer = restAuthorizer(world.authorizer())(event(token));
    await expect(answer).rejects.toBeInstanceOf(AuthorizerFault);
    await expect(answer).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  });

  test('of another stage than those that are served is refused', async () => {
    const world = new World();
    const { token } = world.issue();
    const handler = restAuthorizer(world.authorizer(), { stages: ['blue', 'green'] });
    await expect(handler(event(token))).rejects.toMatchObject({ name: 'AuthorizerConfigError', option: 'stages' });
  });
});

describe('a client that is limited to networks', () => {
  function limited(): { world: World; token: string } {
    const world = new World();
    world.addClient('partner', { cidrs: ['192.0.2.0/24'] });
    return { world, token: world.issue().token };
  }

  test('is let in from there alone, when nothing is kept', async () => {
    const { world, token } = limited();
    const handler = restAuthorizer(world.authorizer());
    expect(opens(await handler(requestEvent(token)), 'GET', '/plans/1')).toBe(true);
    const elsewhere = await handler(requestEvent(token, { address: '198.51.100.7' }));
    expect(elsewhere.policyDocument.Statement).toEqual([
      { Action: 'execute-api:Invoke', Effect: 'Deny', Resource: [`${BASE}/*/*`] },
    ]);
    expect(elsewhere.principalId).toBe('partner');
  });

  test('is denied with TOKEN events, which carry no address', async () => {
    const { world, token } = limited();
    const answer = await restAuthorizer(world.authorizer())(tokenEvent(token));
    expect(opens(answer, 'GET', '/plans/1')).toBe(false);
    expect(world.reports.at(-1)).toMatchObject({ reason: 'address_not_allowed' });
  });

  test('is denied when answers are kept, unless the address is part of the cache key', async () => {
    const { world, token } = limited();
    const authorizer = world.authorizer({ gatewayResultTtl: 60 });
    const without = await restAuthorizer(authorizer)(requestEvent(token));
    expect(opens(without, 'GET', '/plans/1')).toBe(false);
    const answer = await restAuthorizer(authorizer, { addressInCacheKey: true })(requestEvent(token));
    expect(opens(answer, 'GET', '/plans/1')).toBe(true);
  });

  test('cannot name its address itself', async () => {
    const { world, token } = limited();
    const event = requestEvent(token, { address: '198.51.100.7', headers: { 'X-Forwarded-For': ADDRESS } });
    expect(opens(await restAuthorizer(world.authorizer())(event), 'GET', '/plans/1')).toBe(false);
  });
});

describe('with a result TTL', () => {
  test('a token is not allowed that would end while its answer is kept', async () => {
    const world = new World();
    const handler = restAuthorizer(world.authorizer({ gatewayResultTtl: 300 }));
    const ending = world.issue({ claims: { exp: START + 299 } });
    const lasting = world.issue({ claims: { exp: START + 300 } });
    await expect(handler(tokenEvent(ending.token))).rejects.toThrow(/^Unauthorized$/);
    expect(opens(await handler(tokenEvent(lasting.token)), 'GET', '/plans/1')).toBe(true);
  });
});

describe('the header', () => {
  test.each([
    ['authorization', 'bearer '],
    ['AUTHORIZATION', 'BEARER   '],
    ['aUtHoRiZaTiOn', 'Bearer '],
  ])('%s with %j is understood', async (name, scheme) => {
    const world = new World();
    const { token } = world.issue();
    const { Authorization: _, ...headers } = { ...requestEvent(token).headers };
    const handler = restAuthorizer(world.authorizer());
    const value = `${scheme}${token}`;
    const both = { headers: { ...headers, [name]: value }, multiValueHeaders: { [name]: [value] } };
    for (const given of [both, { ...both, multiValueHeaders: null }, { ...both, headers: null }]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(opens(await handler({ ...requestEvent(token), ...given }), 'GET', '/plans/1')).toBe(true);
    }
  });

  test('that is repeated is no credential, however its copies are written', async () => {
    const world = new World();
    const { token } = world.issue();
    const other = world.issue().token;
    const handler = restAuthorizer(world.authorizer());
    const bearer = `Bearer ${token}`;
    const repeated = [
      { multiValueHeaders: { Authorization: [bearer, bearer] } },
      { multiValueHeaders: { Authorization: [bearer], authorization: [bearer] } },
      { multiValueHeaders: { Authorization: [bearer] }, headers: { Authorization: `Bearer ${other}` } },
      { multiValueHeaders: { Authorization: [bearer, 'Basic eA=='] } },
      { multiValueHeaders: {}, headers: { Authorization: bearer, authorization: bearer } },
      { multiValueHeaders: {}, headers: { Authorization: `${bearer}, ${bearer}` } },
      { multiValueHeaders: {}, headers: {} },
      { multiValueHeaders: null, headers: null },
    ];
    for (const given of repeated) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler({ ...requestEvent(token), ...given })).rejects.toThrow(/^Unauthorized$/);
    }
  });
});

describe('usageIdentifierKey', () => {
  test.each([
    ['client' as const, 'partner'],
    [({ client }: { client: string }) => `key-of-${client}`, 'key-of-partner'],
    [undefined, undefined],
  ])('%s gives %s', async (usageIdentifierKey, expected) => {
    const world = new World();
    const { token } = world.issue();
    const answer = await restAuthorizer(world.authorizer(), { usageIdentifierKey })(tokenEvent(token));
    expect(answer.usageIdentifierKey).toBe(expected);
    expect('usageIdentifierKey' in answer).toBe(expected !== undefined);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an empty string', ''],
    ['an object', { toString: () => 'key' }],
    ['a list', ['key']],
    ['a promise', Promise.resolve('key')],
  ])('from a function that gives %s is a configuration error, and is reported', async (_, given) => {
    const world = new World();
    const { token } = world.issue();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a caller without types may return anything
    const usageIdentifierKey = (() => given) as () => string;
    const handler = restAuthorizer(world.authorizer(), { usageIdentifierKey });
    await expect(handler(tokenEvent(token))).rejects.toMatchObject({
      name: 'AuthorizerConfigError',
      option: 'usageIdentifierKey',
    });
    expect(world.reports.at(-1)).toMatchObject({ reason: 'event_refused', refusal: 'configuration' });
  });
});

describe('creating a handler fails for', () => {
  const long = 'x'.repeat(320);
  const many = (count: number): Route[] =>
    Array.from({ length: count }, (_, index) => ({ method: 'GET', path: `/resource-${index}/*`, scopes: [] }));

  test.each<[string, object, string, RegExp]>([
    ['an unknown option', { route: [] }, 'route', /is not an option/],
    ['a wrong flag', { addressInCacheKey: 'yes' }, 'addressInCacheKey', /true or false/],
    ['no stages', { stages: [] }, 'stages', /at least one/],
    ['a pattern of stages', { stages: ['*'] }, 'stages', /list of names/],
    ['a wrong usage key', { usageIdentifierKey: 'kid' }, 'usageIdentifierKey', /client, jti or a function/],
    [
      'a resource that is too long',
      { routes: [{ method: 'GET', path: `/${long}/*`, scopes: [] }] },
      'routes',
      /takes 512/,
    ],
    ['too many routes', { routes: many(60) }, 'routes', /takes 8192: join some with \*.*name yours in `stages`/],
    ['too many routes for any stage', { routes: many(100), stages: ['a'] }, 'routes', /takes 8192: join some with \*$/],
  ])('%s', (_, options, option, text) => {
    const create = (): unknown => restAuthorizer(new World().authorizer(), options);
    expect(create).toThrow(AuthorizerConfigError);
    expect(create).toThrow(expect.objectContaining({ option }));
    expect(create).toThrow(text);
  });

  test('routes that both the authorizer and the handler have', () => {
    const authorizer = new World().authorizer({ routes });
    expect(() => restAuthorizer(authorizer, { routes })).toThrow(/given to the authorizer as well/);
  });

  test('but not for as many routes as fit with the stage that is named', () => {
    expect(() => restAuthorizer(new World().authorizer(), { routes: many(40), stages: ['prod'] })).not.toThrow();
  });
});

test('routes of the authorizer itself are stated in the policy, too', async () => {
  const world = new World();
  const { token } = world.issue({ scopes: ['plans:read'] });
  const answer = await restAuthorizer(world.authorizer({ routes }))(tokenEvent(token));
  expect([opens(answer, 'GET', '/plans/1'), opens(answer, 'POST', '/plans')]).toEqual([true, false]);
});

test('whoever changes an answer changes no later one', async () => {
  const world = new World();
  const handler = restAuthorizer(world.authorizer(), { routes });
  const { token } = world.issue({ scopes: ['plans:read'] });
  const first = await handler(tokenEvent(token));
  const before = structuredClone(first);
  for (const statement of first.policyDocument.Statement) statement.Resource.push(`${BASE}/*/*`);
  first.policyDocument.Statement.pop();
  if (first.context !== undefined) first.context.scopes = 'admin';
  await expect(handler(tokenEvent(token))).resolves.toEqual(before);
});

test('each stage and each set of scopes has its own policy, whoever asked before', async () => {
  const world = new World();
  const handler = restAuthorizer(world.authorizer(), { routes });
  const reader = world.issue({ scopes: ['plans:read'] });
  const writer = world.issue({ scopes: ['plans:read', 'plans:write'] });
  const asked = [reader, writer, reader, writer].flatMap(({ token, claims }) =>
    ['prod', 'blue'].map(async (stage) => {
      const event = { ...tokenEvent(token), methodArn: `${API}/${stage}/GET/plans/1` };
      const { policyDocument } = await handler(event);
      const allows = (method: string, path: string): boolean =>
        policyAllows(policyDocument, `${API}/${stage}/${method}${path}`);
      expect([allows('GET', '/plans/1'), allows('POST', '/plans')]).toEqual([true, claims.scope !== 'plans:read']);
      const other = stage === 'prod' ? 'blue' : 'prod';
      expect(policyAllows(policyDocument, `${API}/${other}/GET/plans/1`)).toBe(false);
    }),
  );
  await Promise.all(asked);
});

test('no answer is longer than API Gateway takes: one that would be is a fault, not a denial', async () => {
  const world = new World();
  const scopes = Array.from({ length: 45 }, (_, index) => `${index}`.padStart(120, 's'));
  const many = Array.from({ length: 16 }, (_, index) => ({
    method: 'GET',
    path: `/${index}`.padEnd(90, 'p'),
    scopes: [],
  }));
  const { token } = world.issue({ scopes });
  const handler = restAuthorizer(world.authorizer(), { routes: many, stages: ['prod'] });
  await expect(handler(tokenEvent(token))).rejects.toThrow(AuthorizerConfigError);
});

test('an address of the API in another partition or on another stage ends up in the policy as it is', async () => {
  const world = new World();
  const { token } = world.issue();
  const arn = 'arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abcdef1234/v1_beta-2';
  const answer = await restAuthorizer(world.authorizer())({ ...tokenEvent(token), methodArn: `${arn}/GET/` });
  expect(answer.policyDocument.Statement.flatMap(({ Resource }) => Resource)).toEqual([`${arn}/*/*`]);
  expect(API).not.toBe(arn);
});

describe('the test of an authorizer in the console', () => {
  const TEST = `${API}/ESTestInvoke-stage`;

  test.each([
    ['TOKEN', (token: string) => ({ ...tokenEvent(token), methodArn: `${TEST}/GET/` })],
    [
      'REQUEST',
      (token: string) => ({ ...requestEvent(token), methodArn: `${TEST}/GET/`, body: null, pathParameters: null }),
    ],
  ])('is answered whatever stages are served: %s', async (_, event) => {
    const world = new World();
    const { token } = world.issue();
    const handler = restAuthorizer(world.authorizer(), { stages: ['prod'] });
    const answer = await handler(event(token));
    expect(policyAllows(answer.policyDocument, `${TEST}/GET/`)).toBe(true);
    // It says nothing about a stage that serves something.
    expect(policyAllows(answer.policyDocument, `${BASE}/GET/`)).toBe(false);
    await expect(handler(event('garbage'))).rejects.toThrow(/^Unauthorized$/);
    expect(world.reports).toMatchObject([{ allowed: true }, { allowed: false, reason: 'malformed' }]);
  });

  test('is one name and nothing like it', async () => {
    const handler = restAuthorizer(new World().authorizer(), { stages: ['prod'] });
    for (const stage of ['estestinvoke-stage', 'ESTestInvoke-stage2', 'test', 'ESTestInvoke']) {
      const methodArn = `${API}/${stage}/GET/`;
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler({ ...tokenEvent('x'), methodArn })).rejects.toMatchObject({ option: 'stages' });
    }
  });
});
