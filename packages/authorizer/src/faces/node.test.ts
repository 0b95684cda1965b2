/** The middleware on a real node:http server, spoken to in bytes. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server, type IncomingHttpHeaders } from 'node:http2';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { World } from '../../test/world.ts';
import { getDecision, nodeMiddleware, type AuthorizerOptions, type NodeMiddlewareOptions } from '../index.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

interface Setup {
  readonly options?: Partial<AuthorizerOptions>;
  readonly middleware?: NodeMiddlewareOptions;
  /** Done to each request before the middleware sees it. */
  readonly prepare?: (request: IncomingMessage) => void;
}

/** A server behind the middleware; its handler answers with the decision. */
async function serve(world: World, { options, middleware, prepare }: Setup = {}): Promise<number> {
  const protect = nodeMiddleware(world.authorizer(options), middleware);
  const server = createServer((request, response) => {
    prepare?.(request);
    protect(request, response, () => {
      const same = Reflect.get(request, 'apikey') === getDecision(request);
      response.end(JSON.stringify({ same, ...getDecision(request) }));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server on a port has such an address
  return (server.address() as AddressInfo).port;
}

/** Sends one request as it stands and returns the whole answer, without the headers that change with time. */
async function speak(port: number, lines: readonly string[], path = '/'): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write([`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...lines, '', ''].join('\r\n'), 'latin1');
  const answer = (await socket.toArray()).join('');
  return answer.replace(/^Date: .*\r\n/m, '');
}

const statusOf = (answer: string): number => Number(answer.split(' ', 2)[1]);

describe('nodeMiddleware', () => {
  test('lets an allowed request through, with its decision', async () => {
    const world = new World();
    const port = await serve(world);
    const { token, jti } = world.issue({ scopes: ['plans:read'] });
    const answer = await speak(port, [`Authorization: bearer ${token}`]);
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain(`"client":"partner","jti":"${jti}","scopes":["plans:read"]`);
    expect(answer).toContain('"same":true');
  });

  test('denies a request whose host could change its path, where there are routes', async () => {
    const world = new World();
    const { token } = world.issue({ scopes: ['plans:read'] });
    const routes = [{ method: 'GET', path: '/plans/*', scopes: ['plans:read'] }];
    const port = await serve(world, { middleware: { routes } });
    const credential = `Authorization: Bearer ${token}`;
    expect(statusOf(await speak(port, [credential], '/plans/1'))).toBe(200);
    for (const host of ['x', 'x/admin?'])
      // oxlint-disable-next-line no-await-in-loop
      expect(statusOf(await speak(port, [credential, `Host: ${host}`], '/plans/1'))).toBe(403);
  });

  test('answers a request without a token with 401, and says nothing of an error', async () => {
    const world = new World();
    const port = await serve(world);
    const answers = await Promise.all(
      [[], ['Authorization: '], ['Authorization: Basic YTpi']].map((it) => speak(port, it)),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toBe(
      [
        'HTTP/1.1 401 Unauthorized',
        'content-type: application/problem+json',
        'cache-control: no-store',
        'www-authenticate: Bearer',
        'content-length: 58',
        'Connection: close',
        '',
        '{"type":"about:blank","title":"Unauthorized","status":401}',
      ].join('\r\n'),
    );
  });

  test('answers expired, revoked, unknown, forged and malformed tokens with the very same bytes', async () => {
    const world = new World();
    const port = await serve(world);
    const [expired, revoked, unknown, good] = [1, 2, 3, 4].map(() => world.issue());
    world.updateRecord(expired?.jti ?? '', { liveUntil: 1 });
    world.revoke(revoked?.jti ?? '');
    world.records.delete(unknown?.jti ?? '');
    const bad = [expired, revoked, unknown].map((issued) => `Bearer ${issued?.token}`);
    const forged = `Bearer ${good?.token.replace(/[^.]+$/, 'A'.repeat(86))}`;
    const presented = [...bad, forged, 'Bearer garbage', 'Bearer\tx', `Bearer ${good?.token}, Bearer x`];
    const answers = await Promise.all(presented.map((value) => speak(port, [`Authorization: ${value}`])));
    answers.push(await speak(port, [`Authorization: Bearer ${good?.token}`, `Authorization: Bearer ${good?.token}`]));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('www-authenticate: Bearer error="invalid_token"\r\n');
    expect(statusOf(answers[0] ?? '')).toBe(401);
    await expect(speak(port, [`Authorization: Bearer ${good?.token}`])).resolves.toContain('200 OK');
  });

  test('answers 403 where the token is live, but the route or the address is not allowed', async () => {
    const world = new World();
    const routes = [{ method: 'GET', path: '/plans/*', scopes: ['plans:read'] }];
    const port = await serve(world, { middleware: { routes } });
    const header = [`Authorization: Bearer ${world.issue({ scopes: ['plans:read'] }).token}`];
    expect(statusOf(await speak(port, header, '/plans/1?x=/..'))).toBe(200);
    const answers = await Promise.all(
      ['/other', '/plans/../other', '/plans/%2e%2e/other', '/plans%2f1', '/plans//1', '*'].map((path) =>
        speak(port, header, path),
      ),
    );
    world.addClient('partner', { cidrs: ['192.0.2.0/24'] });
    answers.push(await speak(port, header, '/plans/1'));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('403 Forbidden');
    expect(answers[0]).toContain('www-authenticate: Bearer error="insufficient_scope"\r\n');
  });

  test('answers a fault with 503 and when to come back, and leaves the handler alone', async () => {
    const world = new World();
    const port = await serve(world);
    world.beforeStatus = () => null;
    const answer = await speak(port, [`Authorization: Bearer ${world.issue().token}`]);
    expect(answer).toContain('503 Service Unavailable');
    expect(answer).toContain('retry-after: 2\r\n');
    expect(answer).not.toContain('www-authenticate');
  });

  test('takes the address from the connection, or from the proxies that it was told to trust', async () => {
    const world = new World();
    world.addClient('partner', { cidrs: ['127.0.0.1/32'] });
    const [direct, proxied] = await Promise.all([
      serve(world),
      serve(world, { middleware: { trustProxy: ['127.0.0.0/8'] } }),
    ]);
    const header = `Authorization: Bearer ${world.issue().token}`;
    const forwarded = 'X-Forwarded-For: 198.51.100.7';
    expect(statusOf(await speak(direct, [header]))).toBe(200);
    expect(statusOf(await speak(direct, [header, forwarded]))).toBe(200);
    expect(statusOf(await speak(proxied, [header, forwarded]))).toBe(403);
    world.addClient('partner', { cidrs: ['198.51.100.0/24'] });
    expect(statusOf(await speak(direct, [header, forwarded]))).toBe(403);
    expect(statusOf(await speak(proxied, [header, forwarded]))).toBe(200);
    expect(
      statusOf(await speak(proxied, [header, 'X-Forwarded-For: 198.51.100.7', 'X-Forwarded-For: 192.0.2.1'])),
    ).toBe(403);
  });

  test('matches the whole path where a framework has taken its mount point off', async () => {
    const world = new World();
    const port = await serve(world, {
      middleware: { routes: [{ method: 'GET', path: '/api/plans', scopes: [] }] },
      prepare: (request) => {
        Object.assign(request, { originalUrl: request.url, url: '/plans' });
      },
    });
    const header = [`Authorization: Bearer ${world.issue().token}`];
    expect(statusOf(await speak(port, header, '/api/plans'))).toBe(200);
    expect(statusOf(await speak(port, header, '/plans'))).toBe(403);
  });

  test('refuses options that it does not know, routes that cannot match, proxies that are none', () => {
    const authorizer = new World().authorizer();
    // @ts-expect-error -- a misspelt option would silently not apply
    expect(() => nodeMiddleware(authorizer, { trustProxies: [] })).toThrow(
      expect.objectContaining({ option: 'trustProxies' }),
    );
    const route = { method: 'GET', path: 'x', scopes: [] };
    expect(() => nodeMiddleware(authorizer, { routes: [route] })).toThrow(
      expect.objectContaining({ option: 'routes[0].path' }),
    );
    expect(() => nodeMiddleware(authorizer, { trustProxy: ['x'] })).toThrow(
      expect.objectContaining({ option: 'trustProxy[0]' }),
    );
  });

  test('asks for no token on a public route, and gives the handler no decision', async () => {
    const world = new World();
    const routes = [
      { path: '/up', public: true as const },
      { method: 'GET', path: '/plans', scopes: [] },
    ];
    const port = await serve(world, { middleware: { routes } });
    const header = [`Authorization: Bearer ${world.issue().token}`];
    for (const lines of [[], header, ['Authorization: Bearer garbage']]) {
      expect(await speak(port, lines, '/up')).toContain('{"same":true}');
    }
    expect(statusOf(await speak(port, [], '/plans'))).toBe(401);
    expect(statusOf(await speak(port, header, '/plans'))).toBe(200);
    expect(statusOf(await speak(port, [], '/up;/../plans'))).toBe(401);
  });

  test('denies a fragment, behind which a handler might read another path', async () => {
    const world = new World();
    const routes = [
      { method: 'GET', path: '/status', scopes: [] },
      { method: 'GET', path: '/admin/*', scopes: ['admin:all'] },
    ];
    const port = await serve(world, { middleware: { routes } });
    const header = [`Authorization: Bearer ${world.issue().token}`];
    expect(statusOf(await speak(port, header, '/status'))).toBe(200);
    expect(statusOf(await speak(port, header, '/status#/../admin/secret.txt'))).toBe(403);
  });

  test('takes requests by HTTP/2', async () => {
    const world = new World();
    const routes = [
      { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
      { method: 'GET', path: '/up', public: true as const },
    ];
    const protect = nodeMiddleware(world.authorizer(), { routes });
    const server = createHttp2Server((request, response) => {
      protect(request, response, () => response.end(JSON.stringify(getDecision(request) ?? 'none')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server on a port has such an address
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const ask = async (path: string, authorization?: string): Promise<[number, string]> => {
      const stream = session.request({ ':path': path, ...(authorization === undefined ? {} : { authorization }) });
      const answered = new Promise<IncomingHttpHeaders & { ':status'?: number }>((resolve) => {
        stream.once('response', resolve);
      });
      const headers = await answered;
      return [headers[':status'] ?? 0, (await stream.toArray()).join('')];
    };
    const { token, jti } = world.issue({ scopes: ['plans:read'] });
    const bearer = `Bearer ${token}`;
    expect(await ask('/plans/1', bearer)).toEqual([200, expect.stringContaining(jti)]);
    expect(await ask('/up')).toEqual([200, '"none"']);
    expect(await ask('/plans/1')).toEqual([401, expect.stringContaining('Unauthorized')]);
    expect(await ask('/other', bearer)).toEqual([403, expect.stringContaining('Forbidden')]);
    expect(await ask('/plans/1#x', bearer)).toEqual([403, expect.stringContaining('Forbidden')]);
    session.close();
    server.close();
  });
});
