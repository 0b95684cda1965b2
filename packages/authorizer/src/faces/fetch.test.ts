/** The middleware for Web requests. */
import { describe, expect, test } from 'vitest';
import { World } from '../../test/world.ts';
import { fetchMiddleware, type Allowed, type PublicAccess } from '../index.ts';

const next = (decision: Allowed | PublicAccess): Response => Response.json(decision);

function request(token: string | undefined, path = '/', method = 'GET'): Request {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Request(`https://api.example.test${path}`, { method, headers });
}

describe('fetchMiddleware', () => {
  test('hands an allowed request to the next handler, and gives back what that gives', async () => {
    const world = new World();
    const protect = fetchMiddleware(world.authorizer());
    const { token, jti } = world.issue();
    const response = await protect(request(token), next);
    expect(response.status).toBe(200);
    await expect(response.json()).resolves.toMatchObject({ client: 'partner', jti });
    await expect(protect(request(token), async () => 'anything')).resolves.toBe('anything');
  });

  test.each<[string, string | undefined, number, string | null]>([
    ['no token', undefined, 401, 'Bearer'],
    ['a bad one', 'garbage', 401, 'Bearer error="invalid_token"'],
  ])('answers %s itself', async (_, token, status, challenge) => {
    const world = new World();
    const response = await fetchMiddleware(world.authorizer())(request(token), next);
    expect(response.status).toBe(status);
    expect(response.headers.get('www-authenticate')).toBe(challenge);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    await expect(response.json()).resolves.toEqual({ type: 'about:blank', title: 'Unauthorized', status });
  });

  test('answers two credentials, which Fetch joins by a comma, with 401', async () => {
    const world = new World();
    const doubled = request(world.issue().token);
    doubled.headers.append('authorization', `Bearer ${world.issue().token}`);
    expect((await fetchMiddleware(world.authorizer())(doubled, next)).status).toBe(401);
  });

  test('checks routes and the address that the server tells it', async () => {
    const world = new World();
    world.addClient('partner', { cidrs: ['192.0.2.0/24'] });
    const routes = [{ method: 'POST', path: '/plans', scopes: ['plans:write'] }];
    const protect = fetchMiddleware(world.authorizer(), { routes });
    const { token } = world.issue({ scopes: ['plans:write'] });
    const sourceAddress = '192.0.2.1';
    const statusOf = async (...given: Parameters<typeof protect<Response>>): Promise<number> =>
      (await protect(...given)).status;
    expect(await statusOf(request(token, '/plans?x=1', 'POST'), next, { sourceAddress })).toBe(200);
    expect(await statusOf(request(token, '/plans', 'POST'), next)).toBe(403);
    expect(await statusOf(request(token, '/plans', 'GET'), next, { sourceAddress })).toBe(403);
    expect(await statusOf(request(token, '', 'POST'), next, { sourceAddress })).toBe(403);
  });

  test('sees the dot segments of a request that keeps its URL as it came', async () => {
    const world = new World();
    const protect = fetchMiddleware(world.authorizer(), { routes: [{ method: 'GET', path: '/open/*', scopes: [] }] });
    const { token } = world.issue();
    // Servers on node:http make requests whose `url` was never parsed.
    const odd = { headers: request(token).headers, method: 'GET', url: 'http://x/open/../admin' };
    // @ts-expect-error -- such an object is as much of a Request as frameworks need
    expect((await protect(odd, next)).status).toBe(403);
  });

  test('answers a fault with 503', async () => {
    const world = new World();
    world.ringKeys = undefined;
    const response = await fetchMiddleware(world.authorizer())(request(world.issue().token), next);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
  });

  test('leaves what the handler throws to the handler', async () => {
    const world = new World();
    const failing = (): never => {
      throw new Error('handler');
    };
    await expect(fetchMiddleware(world.authorizer())(request(world.issue().token), failing)).rejects.toThrow('handler');
  });

  test('reads the path of any form of URL that an adapter may give', async () => {
    const world = new World();
    const routes = [
      { method: 'GET', path: '/', scopes: [] },
      { method: 'GET', path: '/open', scopes: [] },
    ];
    const protect = fetchMiddleware(world.authorizer(), { routes });
    const { headers } = request(world.issue().token);
    const statusOf = async (url: string): Promise<number> =>
      // @ts-expect-error -- such an object is as much of a Request as frameworks need
      (await protect({ headers, method: 'GET', url }, next)).status;
    const allowed = ['http://x', 'http://x/', 'http://x?a', 'http://x/open?u=http://y/admin', '/open'];
    expect(await Promise.all(allowed.map(statusOf))).toEqual(allowed.map(() => 200));
    const denied = [
      '/admin?u=http://y/open',
      'http://x/admin?u=http://y/open',
      'http://x#/open',
      'http://x\\/open',
      'http://x/open#',
      'x:/open',
      '//x/open',
    ];
    expect(await Promise.all(denied.map(statusOf))).toEqual(denied.map(() => 403));
  });

  test('asks for no token on a public route, and hands on no client', async () => {
    const world = new World();
    const routes = [
      { path: '/up', public: true as const },
      { method: 'GET', path: '/plans', scopes: [] },
    ];
    const protect = fetchMiddleware(world.authorizer({ routes }));
    for (const token of [undefined, 'garbage', world.issue().token]) {
      const response = await protect(request(token, '/up'), next);
      await expect(response.json()).resolves.toEqual({ allowed: true, public: true });
    }
    expect((await protect(request(undefined, '/plans'), next)).status).toBe(401);
    // Both tables count: what the other one does not open, takes a token.
    const both = fetchMiddleware(world.authorizer({ routes }), { routes: [{ method: '*', path: '/*', scopes: [] }] });
    expect((await both(request(undefined, '/up'), next)).status).toBe(401);
  });
});
