/** WebSocket authorizers: who may connect. */
import { describe, expect, test } from 'vitest';
import { BASE, connectEvent } from '../../test/lambda-events.ts';
import { World } from '../../test/world.ts';
import { webSocketAuthorizer } from '../index.ts';

const connect = `${BASE}/$connect`;

describe('a socket', () => {
  test('is opened by a live token', async () => {
    const world = new World();
    const { token, jti } = world.issue();
    const answer = await webSocketAuthorizer(world.authorizer())(connectEvent(token));
    expect(answer).toMatchObject({ principalId: 'partner', context: { jti } });
    expect(answer.policyDocument.Statement).toEqual([
      { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: [connect] },
    ]);
  });

  test('is refused with exactly Unauthorized to every other, and to events of other routes', async () => {
    const world = new World();
    const handler = webSocketAuthorizer(world.authorizer());
    const { token, jti } = world.issue();
    const live = connectEvent(token);
    const message = { ...live, requestContext: { ...live.requestContext, eventType: 'MESSAGE' } };
    for (const event of [
      connectEvent('garbage'),
      { ...live, methodArn: `${BASE}/sendmessage` },
      { ...live, methodArn: `${BASE}/GET/$connect` },
      { ...live, headers: null },
      message,
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(handler(event)).rejects.toStrictEqual(new Error('Unauthorized'));
    }
    world.revoke(jti);
    await expect(handler(live)).rejects.toStrictEqual(new Error('Unauthorized'));
  });

  test('is denied to a live token without the scopes, or from elsewhere', async () => {
    const world = new World();
    const handler = webSocketAuthorizer(world.authorizer(), { scopes: ['live'] });
    const effectOf = async (token: string): Promise<string | undefined> =>
      (await handler(connectEvent(token))).policyDocument.Statement[0]?.Effect;
    await expect(effectOf(world.issue({ scopes: ['live', 'more'] }).token)).resolves.toBe('Allow');
    await expect(effectOf(world.issue({ scopes: ['more'] }).token)).resolves.toBe('Deny');
    world.addClient('partner', { cidrs: ['198.51.100.0/24'] });
    await expect(effectOf(world.issue({ scopes: ['live'] }).token)).resolves.toBe('Deny');
  });

  test('takes no token from the query', async () => {
    const world = new World();
    const { token } = world.issue();
    const event = {
      ...connectEvent(''),
      headers: {},
      queryStringParameters: { access_token: token, Authorization: token },
    };
    await expect(webSocketAuthorizer(world.authorizer())(event)).rejects.toThrow(/^Unauthorized$/);
  });
});

test('wrong options are refused when the handler is created', () => {
  const authorizer = new World().authorizer();
  expect(() => webSocketAuthorizer(authorizer, { scopes: ['a"b'] })).toThrow(/^scopes holds something/);
  const options: object = { routes: [] };
  expect(() => webSocketAuthorizer(authorizer, options)).toThrow(/^routes is not an option/);
});
