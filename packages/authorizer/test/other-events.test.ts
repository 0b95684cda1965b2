/** No handler takes another sender's event for a question to an authorizer, and every such event leaves a trace. */
import { describe, expect, test } from 'vitest';
import {
  appSyncAuthorizer,
  httpAuthorizer,
  restAuthorizer,
  webSocketAuthorizer,
  type Authorizer,
  type DecisionReport,
  type Refusal,
} from '../src/index.ts';
import { connectEvent, httpEventV1, httpEventV2, requestEvent, tokenEvent } from './lambda-events.ts';
import { otherEvents } from './other-events.ts';
import { World } from './world.ts';

type Handler = (event: unknown) => Promise<object>;

// Events of any shape come to a handler that was put in the wrong place.
const handlers: Record<string, (authorizer: Authorizer) => unknown> = {
  'http, simple answers': (authorizer) => httpAuthorizer(authorizer),
  'http, policies': (authorizer) => httpAuthorizer(authorizer, { responses: 'policy' }),
  rest: (authorizer) => restAuthorizer(authorizer),
  websocket: (authorizer) => webSocketAuthorizer(authorizer),
  appsync: (authorizer) => appSyncAuthorizer(authorizer),
};

interface Answered {
  readonly allows: boolean;
  readonly answer: unknown;
  readonly reports: readonly DecisionReport[];
  readonly reads: number;
}

async function answer(name: string, event: (token: string) => unknown): Promise<Answered> {
  const world = new World();
  const { token } = world.issue();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const handler = handlers[name]?.(world.authorizer()) as Handler;
  const given = await handler(event(token)).catch((error: unknown) => error);
  const text = JSON.stringify(given);
  const allows = !(given instanceof Error) && (text.includes('"isAuthorized":true') || text.includes('"Allow"'));
  return { allows, answer: given, reports: world.reports, reads: world.calls.status };
}

const events = Object.entries(otherEvents);
const pairs = Object.keys(handlers).flatMap((handler) =>
  events
    .filter(([name]) => !(handler === 'appsync' && name === 'AppSync authorizer'))
    .map(([name, event]) => ({ handler, name, event })),
);

test.each(pairs)('$handler refuses $name', async ({ handler, event }) => {
  const { allows, reports, reads } = await answer(handler, event);
  expect(allows).toBe(false);
  expect(reads).toBe(0);
  expect(reports).toHaveLength(1);
  expect(reports[0]).toMatchObject({ allowed: false, reason: 'event_refused', cache: { token: 'none' } });
  expect(reports[0]?.refusal).toBeDefined();
});

describe('what is refused has a reason of its own', () => {
  const cases: [string, string, (token: string) => unknown, Refusal][] = [
    ['http, simple answers', 'a REST event', requestEvent, 'version'],
    ['http, simple answers', 'a TOKEN event', tokenEvent, 'version'],
    ['http, simple answers', 'a $connect event', connectEvent, 'version'],
    ['http, simple answers', 'no type', (token) => ({ ...httpEventV2(token), type: undefined }), 'type'],
    ['http, simple answers', 'the type TOKEN', (token) => ({ ...httpEventV2(token), type: 'TOKEN' }), 'type'],
    ['http, simple answers', 'no routeArn', (token) => ({ ...httpEventV2(token), routeArn: undefined }), 'arn'],
    ['http, simple answers', 'the stage *', (token) => httpEventV2(token, { stage: '*' }), 'arn'],
    ['http, simple answers', 'a version 3.0', (token) => ({ ...httpEventV2(token), version: '3.0' }), 'version'],
    ['http, simple answers', 'a question mark', (token) => httpEventV2(token, { path: '/plans?/../x' }), 'path'],
    ['http, simple answers', 'a number sign', (token) => httpEventV2(token, { path: '/plans#/../x' }), 'path'],
    ['http, policies', 'a question mark', (token) => httpEventV2(token, { path: '/plans?/../x' }), 'path'],
    ['http, policies', 'a number sign in 1.0', (token) => httpEventV1(token, { path: '/plans#/../x' }), 'path'],
    ['http, policies', 'no routeArn', (token) => ({ ...httpEventV2(token), routeArn: undefined }), 'arn'],
    ['http, policies', 'no methodArn in 1.0', (token) => ({ ...httpEventV1(token), methodArn: '' }), 'arn'],
    ['http, policies', 'no type in 1.0', (token) => ({ ...httpEventV1(token), type: undefined }), 'type'],
    ['rest', 'an event of HTTP 2.0', httpEventV2, 'arn'],
    ['rest', 'no type', (token) => ({ ...requestEvent(token), type: undefined }), 'type'],
    ['rest', 'no event', () => null, 'arn'],
    [
      'rest',
      'the stage *',
      (token) => ({ ...tokenEvent(token), methodArn: 'arn:aws:execute-api:a:1:b/*/GET/' }),
      'arn',
    ],
    ['websocket', 'another route', requestEvent, 'arn'],
    [
      'websocket',
      'a message',
      (token) => ({ ...connectEvent(token), requestContext: { eventType: 'MESSAGE' } }),
      'operation',
    ],
  ];

  test.each(cases)('%s, %s', async (handler, _, event, refusal) => {
    const { allows, reports } = await answer(handler, event);
    expect(allows).toBe(false);
    expect(reports).toMatchObject([{ allowed: false, reason: 'event_refused', refusal }]);
  });

  test.each<[string, Refusal, (authorizer: Authorizer) => Promise<unknown>]>([
    ['a stage that is not served, REST', 'stage', (it) => restAuthorizer(it, { stages: ['a'] })(requestEvent('x'))],
    ['a stage that is not served, HTTP', 'stage', (it) => httpAuthorizer(it, { stages: ['a'] })(httpEventV2('x'))],
    ['too few identity sources', 'cache_key', (it) => httpAuthorizer(it)(httpEventV2('x', { sources: [] }))],
  ])('%s is a configuration error, and is reported too', async (_, refusal, ask) => {
    const world = new World();
    await expect(ask(world.authorizer({ gatewayResultTtl: 60 }))).rejects.toMatchObject({
      name: 'AuthorizerConfigError',
    });
    expect(world.reports).toMatchObject([{ allowed: false, reason: 'event_refused', refusal }]);
  });

  test('a route key that the client sent along is reported', async () => {
    const world = new World();
    const event = httpEventV2(world.issue().token, { headers: { 'x-tenant': 'GET /plans/1' } });
    await expect(httpAuthorizer(world.authorizer({ gatewayResultTtl: 60 }))(event)).resolves.toEqual({
      isAuthorized: false,
    });
    expect(world.reports).toMatchObject([{ reason: 'event_refused', refusal: 'cache_key' }]);
  });
});
