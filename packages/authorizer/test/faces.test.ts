/** Whatever an event looks like, a face of a Lambda authorizer denies it or refuses it: no crash, and never an allowance. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  appSyncAuthorizer,
  httpAuthorizer,
  restAuthorizer,
  webSocketAuthorizer,
  type Authorizer,
} from '../src/index.ts';
import {
  BASE,
  connectEvent,
  graphqlEvent,
  httpEventV1,
  httpEventV2,
  requestEvent,
  tokenEvent,
} from './lambda-events.ts';
import { World } from './world.ts';

type Handler = (event: never) => Promise<unknown>;

const faces: [string, (authorizer: Authorizer) => Handler][] = [
  ['REST', (authorizer) => restAuthorizer(authorizer)],
  ['REST, kept', (authorizer) => restAuthorizer(authorizer, { addressInCacheKey: true })],
  ['HTTP', (authorizer) => httpAuthorizer(authorizer)],
  ['HTTP with policies', (authorizer) => httpAuthorizer(authorizer, { responses: 'policy' })],
  ['WebSocket', (authorizer) => webSocketAuthorizer(authorizer)],
  ['AppSync', (authorizer) => appSyncAuthorizer(authorizer)],
];

/** `allowed` if anything in the answer could let somebody in; an error by its name and message. */
async function outcome(handler: Handler, event: unknown): Promise<string> {
  try {
    const answer = JSON.stringify(await handler(event as never));
    return answer.includes('"Allow"') || answer.includes('"isAuthorized":true') ? 'allowed' : 'denied';
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'not even an error';
  }
}

const REFUSALS = new Set(['denied', 'Error: Unauthorized']);

const world = new World();
const { token } = world.issue();
const authorizer = world.authorizer();
const kept = world.authorizer({ gatewayResultTtl: 60 });

const names = fc.constantFrom(
  'type',
  'version',
  'methodArn',
  'routeArn',
  'routeKey',
  'rawPath',
  'authorizationToken',
  'identitySource',
  'headers',
  'multiValueHeaders',
  'requestContext',
  'isBase64Encoded',
  '__proto__',
  'constructor',
);
const values = fc.oneof(
  fc.constantFrom('TOKEN', 'REQUEST', '1.0', '2.0', `${BASE}/GET/plans`, `${BASE}/$connect`, 'Bearer x', '', '*'),
  fc.constantFrom(Buffer.from('Bearer x').toString('base64'), 'x'.repeat(100_000), `Bearer ${'y'.repeat(20_000)}`),
  fc.record({ Authorization: fc.anything(), authorization: fc.anything() }, { requiredKeys: [] }),
  fc.array(fc.string()),
  fc.anything({ withNullPrototype: true, withTypedArray: true, withDate: true, withMap: true, withBigInt: true }),
);
const junk = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(names, values, { maxKeys: 10 }) },
  { weight: 1, arbitrary: fc.anything({ withNullPrototype: true }) },
);

describe.each(faces)('%s', (_, make) => {
  test('refuses any event without a token', async () => {
    const handler = make(authorizer);
    await fc.assert(
      fc.asyncProperty(junk, async (event) => {
        expect(REFUSALS).toContain(await outcome(handler, event));
      }),
      { seed: 11, numRuns: 800 },
    );
  });

  test('allows no event whose token was damaged, whatever else is in it', async () => {
    const handler = make(kept);
    const damaged = fc
      .tuple(fc.nat(token.length - 1), fc.constantFrom('', 'A', '.', '=', ' ', ',', '\n', '%', 'é'))
      .map(([at, put]) => token.slice(0, at) + put + token.slice(at + 1))
      .filter((text) => text !== token);
    const events = [tokenEvent, requestEvent, httpEventV1, httpEventV2, connectEvent, graphqlEvent];
    await fc.assert(
      fc.asyncProperty(damaged, fc.constantFrom(...events), async (text, event) => {
        expect(REFUSALS).toContain(await outcome(handler, event(text)));
      }),
      { seed: 12, numRuns: 400 },
    );
  });
});

describe('a live token', () => {
  const live: [string, Handler, object, readonly string[]][] = [
    ['TOKEN', restAuthorizer(authorizer), tokenEvent(token), ['type', 'methodArn', 'authorizationToken']],
    ['REQUEST', restAuthorizer(authorizer), requestEvent(token), ['type', 'methodArn']],
    ['1.0', httpAuthorizer(authorizer), httpEventV1(token), ['version', 'methodArn']],
    [
      '2.0',
      httpAuthorizer(authorizer),
      httpEventV2(token),
      ['version', 'type', 'routeArn', 'rawPath', 'requestContext', 'headers'],
    ],
    ['2.0 kept', httpAuthorizer(kept), httpEventV2(token), ['version', 'routeKey', 'identitySource', 'headers']],
    ['$connect', webSocketAuthorizer(authorizer), connectEvent(token), ['type', 'methodArn', 'headers']],
    ['AppSync', appSyncAuthorizer(authorizer), graphqlEvent(token), ['authorizationToken']],
  ];

  test.each(live)('in a %s event opens it, unless what the answer rests on is something else', async (...given) => {
    const [, handler, event, members] = given;
    await expect(outcome(handler, event)).resolves.toBe('allowed');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...members),
        fc.option(fc.anything(), { nil: undefined }),
        async (name, value) => {
          const seen = await outcome(handler, { ...event, [name]: value });
          if (!seen.startsWith('AuthorizerConfigError: gatewayResultTtl')) expect(REFUSALS).toContain(seen);
        },
      ),
      { seed: 13, numRuns: 300 },
    );
  });

  test('is not found in the prototype of an event', async () => {
    const event: object = Object.create(tokenEvent(token));
    await expect(outcome(restAuthorizer(authorizer), event)).resolves.toBe('Error: Unauthorized');
    const headers: object = Object.create({ authorization: `Bearer ${token}` });
    await expect(outcome(httpAuthorizer(authorizer), { ...httpEventV2(token), headers })).resolves.toBe('denied');
  });

  test('is not found in base64, in the body, in cookies or in the query', async () => {
    const bearer = `Bearer ${token}`;
    const elsewhere = {
      isBase64Encoded: true,
      body: Buffer.from(bearer).toString('base64'),
      cookies: [`authorization=${bearer}`],
      queryStringParameters: { authorization: bearer, access_token: token },
      rawQueryString: `access_token=${token}`,
      stageVariables: { authorization: bearer },
    };
    const bare = { ...httpEventV2(''), ...elsewhere, headers: { cookie: `authorization=${bearer}` } };
    await expect(outcome(httpAuthorizer(authorizer), bare)).resolves.toBe('denied');
    const encoded = { authorization: `Bearer ${Buffer.from(token).toString('base64')}` };
    await expect(outcome(httpAuthorizer(authorizer), { ...bare, headers: encoded })).resolves.toBe('denied');
  });
});
