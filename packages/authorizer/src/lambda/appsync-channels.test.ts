/** Event APIs of AppSync: told apart from GraphQL, refused without a rule, and held to every rule that a channel meets. */
import { describe, expect, test } from 'vitest';
import { channelEvent, graphqlEvent, type EventOperation } from '../../test/lambda-events.ts';
import { World } from '../../test/world.ts';
import { appSyncAuthorizer, type AppSyncAuthorizerEvent, type ChannelRule } from '../index.ts';

const channels: ChannelRule[] = [
  { operation: 'subscribe', channel: '/plans/*', scopes: ['plans:read'] },
  { operation: 'publish', channel: '/plans/*', scopes: ['plans:write'] },
  { operation: '*', channel: '/plans/secret/*', scopes: ['admin'] },
  { operation: '*', channel: '/lobby', scopes: [] },
];
const every: EventOperation[] = ['EVENT_CONNECT', 'EVENT_PUBLISH', 'EVENT_SUBSCRIBE'];
const refused = { isAuthorized: false, ttlOverride: 0 };

describe('without rules', () => {
  test.each(every)('%s is refused and reported, whatever the token may do', async (operation) => {
    const world = new World();
    const { token } = world.issue({ scopes: ['admin', 'plans:read', 'plans:write'] });
    const handler = appSyncAuthorizer(world.authorizer(), { scopes: [] });
    const channel = operation === 'EVENT_CONNECT' ? undefined : '/lobby';
    await expect(handler(channelEvent(token, operation, channel))).resolves.toEqual(refused);
    expect(world.reports).toMatchObject([{ allowed: false, reason: 'event_refused', refusal: 'operation' }]);
    expect(world.calls.status).toBe(0);
  });

  test('an empty list of rules allows nothing', async () => {
    const world = new World();
    const handler = appSyncAuthorizer(world.authorizer(), { channels: [] });
    const { token } = world.issue();
    for (const operation of every) {
      const channel = operation === 'EVENT_CONNECT' ? undefined : '/lobby';
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(channelEvent(token, operation, channel))).resolves.toEqual(refused);
    }
  });
});

describe('with rules', () => {
  const read = ['plans:read'];
  const write = ['plans:write'];
  const cases: [EventOperation, string | undefined, readonly string[], boolean][] = [
    ['EVENT_SUBSCRIBE', '/plans/new', read, true],
    ['EVENT_SUBSCRIBE', '/plans/new', write, false],
    ['EVENT_SUBSCRIBE', '/plans/new', [], false],
    ['EVENT_PUBLISH', '/plans/new', write, true],
    ['EVENT_PUBLISH', '/plans/new', read, false],
    ['EVENT_SUBSCRIBE', '/plans/a/b/c/d', read, true],
    // A slash at either end, or none, is the same channel.
    ['EVENT_SUBSCRIBE', 'plans/new', read, true],
    ['EVENT_SUBSCRIBE', '/plans/new/', read, true],
    // The rule is about what is below.
    ['EVENT_SUBSCRIBE', '/plans', read, false],
    ['EVENT_SUBSCRIBE', '/plansx/new', read, false],
    // Both rules hold for what is below /plans/secret.
    ['EVENT_SUBSCRIBE', '/plans/secret/1', read, false],
    ['EVENT_SUBSCRIBE', '/plans/secret/1', ['admin'], false],
    ['EVENT_SUBSCRIBE', '/plans/secret/1', ['admin', ...read], true],
    ['EVENT_SUBSCRIBE', '/plans/SECRET/1', read, false],
    ['EVENT_SUBSCRIBE', 'plans/secret/1/', read, false],
    ['EVENT_SUBSCRIBE', '/plans/secret', read, false],
    ['EVENT_SUBSCRIBE', '/plans/secrets', read, true],
    // Who subscribes to everything below a channel needs what its channels need, all of them.
    ['EVENT_SUBSCRIBE', '/plans/*', read, false],
    ['EVENT_SUBSCRIBE', '/plans/*', ['admin', ...read], true],
    ['EVENT_SUBSCRIBE', '/plans/secret/*', read, false],
    ['EVENT_SUBSCRIBE', '/plans/public/*', read, true],
    ['EVENT_SUBSCRIBE', 'plans/*', read, false],
    // No rule holds for everything below /lobby.
    ['EVENT_SUBSCRIBE', '/lobby', [], true],
    ['EVENT_SUBSCRIBE', '/lobby/*', ['admin'], false],
    ['EVENT_SUBSCRIBE', '/LOBBY', [], false],
    ['EVENT_SUBSCRIBE', '/lobby/1', ['admin'], false],
    ['EVENT_PUBLISH', '/other', ['admin', ...read, ...write], false],
    // A connection needs some rule whose scopes are there: here that of the lobby.
    ['EVENT_CONNECT', undefined, [], true],
  ];

  test.each(cases)('%s %s with %j: %s', async (operation, channel, scopes, allowed) => {
    const world = new World();
    const { token } = world.issue({ scopes });
    const handler = appSyncAuthorizer(world.authorizer(), { channels });
    const answer = await handler(channelEvent(token, operation, channel));
    expect(answer.isAuthorized).toBe(allowed);
    expect(world.reports).toMatchObject([allowed ? { allowed } : { allowed, reason: 'insufficient_scope' }]);
  });

  test('a connection needs the scopes of one of them', async () => {
    const world = new World();
    const handler = appSyncAuthorizer(world.authorizer(), { channels: channels.slice(0, 3) });
    const connect = async (...scopes: string[]): Promise<boolean> =>
      (await handler(channelEvent(world.issue({ scopes }).token, 'EVENT_CONNECT'))).isAuthorized;
    expect([await connect(), await connect('other'), await connect('plans:read'), await connect('admin')]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test('the scopes of every request are needed as well, and a token that is not live opens nothing', async () => {
    const world = new World();
    const handler = appSyncAuthorizer(world.authorizer(), { channels, scopes: ['events'] });
    const some = world.issue({ scopes: read });
    const all = world.issue({ scopes: ['events', ...read] });
    const ask = (token: string) => handler(channelEvent(token, 'EVENT_SUBSCRIBE', '/plans/1'));
    await expect(ask(some.token)).resolves.toEqual(refused);
    await expect(ask(all.token)).resolves.toMatchObject({ isAuthorized: true });
    world.revoke(all.jti);
    await expect(ask(all.token)).resolves.toEqual(refused);
    await expect(ask('garbage')).resolves.toEqual(refused);
  });

  test('an answer is for the handlers of the API, hides no fields, and is not kept for other channels', async () => {
    const world = new World();
    const { token, jti, claims } = world.issue();
    const fields = [{ field: 'Query.secrets', scopes: ['admin'] }];
    const handler = appSyncAuthorizer(world.authorizer(), { channels, fields, resultTtl: 300, clock: world.clock });
    await expect(handler(channelEvent(token, 'EVENT_SUBSCRIBE', '/lobby'))).resolves.toEqual({
      isAuthorized: true,
      handlerContext: { client: 'partner', jti, scopes: '', kid: world.key.kid, exp: claims.exp },
      ttlOverride: 0,
    });
    await expect(handler(graphqlEvent(token))).resolves.toMatchObject({
      deniedFields: ['Query.secrets'],
      ttlOverride: 300,
    });
  });
});

describe('an event', () => {
  type Context = Record<string, unknown>;
  const graphql = graphqlEvent('').requestContext;
  const events = channelEvent('', 'EVENT_SUBSCRIBE', '/lobby').requestContext;
  const cases: [string, Context, 'type' | 'operation'][] = [
    ['that could be of both kinds', { ...graphql, operation: 'EVENT_SUBSCRIBE', channel: '/lobby' }, 'type'],
    ['of GraphQL with a channel', { ...graphql, channel: '/lobby' }, 'type'],
    ['of GraphQL with a namespace', { ...graphql, channelNamespaceName: 'lobby' }, 'type'],
    ['without an API', { ...events, apiId: undefined }, 'type'],
    ['of another operation', { ...events, operation: 'EVENT_DELETE' }, 'operation'],
    ['of the operation in lower case', { ...events, operation: 'event_subscribe' }, 'operation'],
    ['without an operation', { ...events, operation: undefined }, 'operation'],
    ['with an operation that is no text', { ...events, operation: ['EVENT_SUBSCRIBE'] }, 'operation'],
    ['that subscribes to nothing', { ...events, channel: null }, 'operation'],
    ['that publishes to nothing', { ...events, operation: 'EVENT_PUBLISH', channel: undefined }, 'operation'],
    ['that connects to a channel', { ...events, operation: 'EVENT_CONNECT' }, 'operation'],
    ['of another namespace than its channel', { ...events, channelNamespaceName: 'plans' }, 'operation'],
    ['with a list of channels', { ...events, channel: ['/lobby'] }, 'operation'],
    ...[
      '',
      '/',
      '//',
      '/*',
      '*',
      '/lobby//x',
      '//lobby',
      '/lobby/../plans/1',
      '/lobby/%2e',
      '/lobby x',
      '/lo*by',
      '/lobby/*/x',
      '/a/b/c/d/e/f',
      `/${'a'.repeat(51)}`,
      '/-a',
      '/a-',
      '/lobby?x',
      '/ｌobby',
      `/${'a/'.repeat(200)}`,
    ].map((channel): [string, Context, 'operation'] => [
      `of the channel ${JSON.stringify(channel).slice(0, 30)}`,
      { ...events, channel, channelNamespaceName: undefined },
      'operation',
    ]),
  ];

  test.each(cases)('%s is refused', async (_, requestContext, refusal) => {
    const world = new World();
    const { token } = world.issue({ scopes: ['admin', 'plans:read', 'plans:write'] });
    const rules: ChannelRule[] = [{ operation: '*', channel: '/*', scopes: [] }];
    const handler = appSyncAuthorizer(world.authorizer(), { channels: rules });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- AppSync may send anything
    const event = { authorizationToken: token, requestContext } as unknown as AppSyncAuthorizerEvent;
    await expect(handler(event)).resolves.toEqual(refused);
    expect(world.reports).toMatchObject([{ allowed: false, reason: 'event_refused', refusal }]);
  });

  test('of a publication to all channels below one is denied', async () => {
    const world = new World();
    const handler = appSyncAuthorizer(world.authorizer(), {
      channels: [{ operation: '*', channel: '/*', scopes: [] }],
    });
    const ask = (operation: EventOperation) => handler(channelEvent(world.issue().token, operation, '/lobby/*'));
    await expect(ask('EVENT_PUBLISH')).resolves.toEqual(refused);
    await expect(ask('EVENT_SUBSCRIBE')).resolves.toMatchObject({ isAuthorized: true });
  });
});

test.each<[unknown, string]>([
  ['/plans', 'channels'],
  [[null], 'channels[0]'],
  [[{ operation: 'connect', channel: '/plans', scopes: [] }], 'channels[0].operation'],
  [[{ operation: 'publish', channel: 'plans', scopes: [] }], 'channels[0].channel'],
  [[{ operation: 'publish', channel: '/plans/*/x', scopes: [] }], 'channels[0].channel'],
  [[{ operation: 'publish', channel: '*', scopes: [] }], 'channels[0].channel'],
  [[{ operation: 'publish', channel: '/pl*', scopes: [] }], 'channels[0].channel'],
  [[{ operation: 'publish', channel: '/plans', scopes: 'a' }], 'channels[0].scopes'],
  [[{ operation: 'publish', channel: '/plans' }], 'channels[0].scopes'],
  [[{ operation: 'publish', channel: '/plans', scopes: [], scope: [] }], 'channels[0].scope'],
])('creating a handler with the channels %j fails', (rules, option) => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a caller without types may pass anything
  const channelRules = rules as ChannelRule[];
  expect(() => appSyncAuthorizer(new World().authorizer(), { channels: channelRules })).toThrow(
    expect.objectContaining({ option }),
  );
});
