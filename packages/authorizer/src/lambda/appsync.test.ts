/** AppSync authorizers: bare tokens, hidden fields, and answers that are kept no longer than a token lives. */
import { describe, expect, test } from 'vitest';
import { graphqlEvent } from '../../test/lambda-events.ts';
import { START, World } from '../../test/world.ts';
import { appSyncAuthorizer, AuthorizerConfigError } from '../index.ts';

describe('a request', () => {
  test.each(['', 'Bearer ', 'bearer  '])('with %j before a live token is authorized', async (scheme) => {
    const world = new World();
    const { token, jti, claims } = world.issue({ scopes: ['plans:read'] });
    const answer = await appSyncAuthorizer(world.authorizer())(graphqlEvent(`${scheme}${token}`));
    expect(answer).toEqual({
      isAuthorized: true,
      resolverContext: { client: 'partner', jti, scopes: 'plans:read', kid: world.key.kid, exp: claims.exp },
      ttlOverride: 0,
    });
  });

  test('with anything else is not, and the answer is not kept', async () => {
    const world = new World();
    const { token, jti } = world.issue();
    world.revoke(jti);
    const handler = appSyncAuthorizer(world.authorizer(), { resultTtl: 300 });
    const long = 'a.'.repeat(1025);
    for (const presented of [token, '', 'Bearer', 'garbage', `Basic ${token}`, long]) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(graphqlEvent(presented))).resolves.toEqual({ isAuthorized: false, ttlOverride: 0 });
    }
    expect(world.reports.at(-1)).toMatchObject({ reason: 'malformed' });
  });

  test('with a live token of over 2,048 characters is denied, as AppSync would not have passed it on', async () => {
    const world = new World();
    const { token } = world.issue({ claims: { scope: 'plans:read '.repeat(200).trim() } });
    expect(token.length).toBeGreaterThan(2048);
    await expect(appSyncAuthorizer(world.authorizer())(graphqlEvent(token))).resolves.toMatchObject({
      isAuthorized: false,
    });
    await expect(world.authorizer().authorize({ token })).resolves.toMatchObject({ allowed: true });
  });

  test('needs the scopes of the API, and those of a field to see it', async () => {
    const world = new World();
    const fields = [
      { field: 'Query.secrets', scopes: ['admin'] },
      { field: 'Mutation.createPlan', scopes: ['plans:write'] },
      { field: 'Plan.title', scopes: [] },
    ];
    const handler = appSyncAuthorizer(world.authorizer(), { scopes: ['graphql'], fields });
    const some = world.issue({ scopes: ['graphql', 'plans:write'] });
    const all = world.issue({ scopes: ['graphql', 'plans:write', 'admin'] });
    const none = world.issue({ scopes: ['admin'] });
    expect((await handler(graphqlEvent(some.token))).deniedFields).toEqual(['Query.secrets']);
    expect(await handler(graphqlEvent(all.token))).not.toHaveProperty('deniedFields');
    expect((await handler(graphqlEvent(none.token))).isAuthorized).toBe(false);
  });

  test('of a client that is limited to networks is denied: the event has no address', async () => {
    const world = new World();
    world.addClient('partner', { cidrs: ['192.0.2.0/24'] });
    const { token } = world.issue();
    await expect(appSyncAuthorizer(world.authorizer())(graphqlEvent(token))).resolves.toMatchObject({
      isAuthorized: false,
    });
  });
});

describe('an answer is kept', () => {
  test.each([
    ['for the result TTL', {}, 300],
    ['until the token expires', { claims: { exp: START + 120 } }, 120],
    ['until its grace ends', { record: { liveUntil: START + 7 } }, 7],
  ])('%s', async (_, overrides, expected) => {
    const world = new World();
    const { token } = world.issue(overrides);
    const handler = appSyncAuthorizer(world.authorizer(), { resultTtl: 300, clock: world.clock });
    world.clock.advance(0.4);
    const left = expected === 300 ? 300 : expected - 1;
    await expect(handler(graphqlEvent(token))).resolves.toMatchObject({ isAuthorized: true, ttlOverride: left });
  });

  test('for as long as the authorizer says, if nothing else is said', async () => {
    const world = new World();
    const { token } = world.issue();
    const handler = appSyncAuthorizer(world.authorizer({ gatewayResultTtl: 45 }), { clock: world.clock });
    await expect(handler(graphqlEvent(token))).resolves.toMatchObject({ ttlOverride: 45 });
  });
});

test.each<[object, string]>([
  [{ resultTtl: 3601 }, 'resultTtl'],
  [{ resultTtl: '60' }, 'resultTtl'],
  [{ fields: [{ field: 'createPlan', scopes: [] }] }, 'fields[0].field'],
  [{ fields: [{ field: 'Query.plan' }] }, 'fields[0].scopes'],
  [{ fields: [{ field: 'Query.plan', scope: [] }] }, 'fields[0].scope'],
  [{ fields: 'Query.plan' }, 'fields'],
  [{ scopes: 'admin' }, 'scopes'],
  [{ routes: [] }, 'routes'],
])('creating a handler fails for %j', (options, option) => {
  const create = (): unknown => appSyncAuthorizer(new World().authorizer(), options);
  expect(create).toThrow(AuthorizerConfigError);
  expect(create).toThrow(expect.objectContaining({ option }));
});
