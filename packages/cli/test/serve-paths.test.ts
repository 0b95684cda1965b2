/** `apikey serve` and paths: what is refused, what is passed on, and what takes no token. */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { compileRoutes, type Route } from '@apikey/authorizer';
import { describe, expect, it } from 'vitest';
import { ask, echo, echoed, startBackend, startGateway, type Backend, type RunningGateway } from './gateway-world.ts';
import { Session } from './session.ts';

const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/status', scopes: [] },
  { method: 'GET', path: '/*', scopes: ['any'] },
  { method: '*', path: '/admin/*', scopes: ['admin:all'] },
];
const PUBLIC: readonly Route[] = [
  { path: '/up', public: true },
  { method: 'OPTIONS', path: '/*', public: true },
  { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
];

interface World extends AsyncDisposable {
  readonly gateway: RunningGateway;
  /** How many requests reached the backend. */
  readonly reached: () => number;
}

async function world(
  session: Session,
  routes: readonly Route[],
  { exactPaths = false, forwardAuthorization = false } = {},
): Promise<World> {
  let reached = 0;
  const backend: Backend = await startBackend((request, response) => {
    reached += 1;
    echo(request, response);
  });
  const gateway = await startGateway(session, {
    routes: compileRoutes(routes, { exactPaths }),
    upstream: { url: new URL(backend.url), timeoutMillis: 60_000, forwardAuthorization, passHeaders: new Set() },
    trustProxy: ['127.0.0.1/32'],
  });
  return {
    gateway,
    reached: () => reached,
    [Symbol.asyncDispose]: async () => {
      await gateway.stop();
      await backend[Symbol.asyncDispose]();
    },
  };
}

/** Status of the answer to a request line that node:http would not send. */
async function rawStatus(url: string, target: string, token: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(
    `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    'latin1',
  );
  return Number((await socket.toArray()).join('').split(' ', 2)[1]);
}

describe('a target outside the grammar', () => {
  it('is answered with 400, and the upstream never hears of it', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner', '--scope', 'any');
    await using here = await world(session, ROUTES);
    const refused = [
      '/status#/../admin/secret.txt',
      '/status?#',
      '/status?\xe9',
      '/status?"',
      '/caf\xc3\xa9',
      '/a/../admin/k',
      '/a/%2e%2e/admin/k',
      '/%61dmin/k',
      '/admin%2fk',
      '/admin%252fk',
      '/admin;/../k',
      '/admin%20/k',
      '/admin./k',
      '/admin::$DATA/k',
      '/admin%ef%bc%8fk',
      '/admin/%ff',
      '//admin/k',
      'http://x/status',
    ];
    for (const target of refused) {
      expect([target, await rawStatus(here.gateway.url, target, token)]).toEqual([target, 400]);
    }
    expect(here.reached()).toBe(0);
  });

  it('is denied at /authorize, whichever proxy asks', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner', '--scope', 'any');
    await using here = await world(session, ROUTES);
    const { url } = here.gateway;
    for (const path of ['/status#/../admin/secret.txt', '/a/%2e%2e/admin', '/ADMIN/k', '/admin;x/k', '/admin']) {
      for (const [method, uri] of [
        ['X-Original-Method', 'X-Original-URI'],
        ['X-Forwarded-Method', 'X-Forwarded-Uri'],
      ]) {
        const headers = { [method ?? '']: 'GET', [uri ?? '']: path };
        expect([path, (await ask(url, { path: '/authorize', token, headers })).status]).toEqual([path, 403]);
      }
      expect([path, await rawStatus(url, `/authorize${path}`, token)]).toEqual([path, 403]);
    }
  });
});

describe('a target that is let in', () => {
  it.each([
    ['/a%3ab%7E%7e~', '/a%3Ab~~~'],
    ["/a/!$&'()*+,;=:@-._", "/a/!$&'()*+,;=:@-._"],
    ['/a%21%24%26%27%28%29%2a%2b%2c%3d%40', '/a%21%24%26%27%28%29%2A%2B%2C%3D%40'],
    ['/a[1]|2', '/a%5B1%5D%7C2'],
    ['/two%20words/caf%c3%a9/', '/two%20words/caf%C3%A9/'],
    ['/a;v=1/b%3bv', '/a;v=1/b%3Bv'],
    ['/a?', '/a?'],
    ['/a?b[]=%7e%2f&c=/../|?x;y=%zZ'.replace('%zZ', '%aA'), '/a?b[]=%7e%2f&c=/../|?x;y=%aA'],
  ])('is passed on in one spelling, its query as it came: %s', async (sent, seen) => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner', '--scope', 'any');
    await using here = await world(session, ROUTES);
    expect(echoed(await ask(here.gateway.url, { path: sent, token })).url).toBe(seen);
  });

  it('takes the scopes of each route that a looser server would find', async () => {
    using session = new Session();
    const weak = await session.issue('--client', 'partner', '--scope', 'any');
    const strong = await session.issue('--client', 'partner', '--scope', 'any', '--scope', 'admin:all');
    await using here = await world(session, ROUTES);
    for (const path of [
      '/ADMIN/k',
      '/Admin/k?x',
      '/admin',
      '/admin;x/k',
      '/admin;/k',
      '/adm%c4%b1n/k',
      '/%ef%bd%81dmin/k',
    ]) {
      const statuses = [weak, strong].map(async ({ token }) => (await ask(here.gateway.url, { path, token })).status);
      expect([path, ...(await Promise.all(statuses))]).toEqual([path, 403, 200]);
    }
  });

  it('takes those of fewer where the servers behind are exact', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner', '--scope', 'any');
    await using here = await world(session, ROUTES, { exactPaths: true });
    const statuses: Record<string, number> = {};
    for (const path of ['/ADMIN/k', '/admin', '/admin;x/k', '/%ef%bd%81dmin/k', '/admin/k']) {
      statuses[path] = (await ask(here.gateway.url, { path, token })).status;
    }
    expect(statuses).toEqual({
      '/ADMIN/k': 200,
      '/admin': 200,
      '/admin;x/k': 403,
      '/%ef%bd%81dmin/k': 403,
      '/admin/k': 403,
    });
  });

  it('by HEAD takes the scopes for GET as well', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner', '--scope', 'any');
    await using here = await world(session, [...ROUTES, { method: 'HEAD', path: '/sized', scopes: ['size'] }]);
    const status = async (path: string): Promise<number> =>
      (await ask(here.gateway.url, { method: 'HEAD', path, token })).status;
    expect([await status('/x'), await status('/admin/k'), await status('/sized')]).toEqual([200, 403, 403]);
  });
});

describe('a public route', () => {
  const CLAIMS = { 'X-Client-Id': 'root', X_Scopes: 'admin:all', 'X-Token-Id': 'x' };

  it('takes no token, and what is passed on says of nobody', async () => {
    using session = new Session();
    await using here = await world(session, PUBLIC);
    const { gateway } = here;
    const reply = await ask(gateway.url, { path: '/up', headers: CLAIMS });
    expect(reply.status).toBe(200);
    const { headers } = echoed(reply);
    expect(Object.keys(headers).filter((name) => /client|token|scope|authorization/.test(name))).toEqual([]);
    expect((await ask(gateway.url, { method: 'OPTIONS', path: '/plans/1' })).status).toBe(200);
    expect((await ask(gateway.url, { path: '/plans/1' })).status).toBe(401);
    expect((await ask(gateway.url, { path: '/other' })).status).toBe(401);
    const { token } = await session.issue('--client', 'partner', '--scope', 'plans:read');
    expect((await ask(gateway.url, { path: '/other', token })).status).toBe(403);
  });

  it('looks at no token, good or bad, and passes none on', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    await using here = await world(session, PUBLIC, { forwardAuthorization: true });
    for (const presented of [token, 'garbage']) {
      const reply = await ask(here.gateway.url, { path: '/up', token: presented, headers: CLAIMS });
      expect(reply.status).toBe(200);
      expect(
        Object.keys(echoed(reply).headers).filter((name) => /client|token|scope|authorization/.test(name)),
      ).toEqual([]);
    }
  });

  it('is none in a reading that leads elsewhere', async () => {
    using session = new Session();
    const routes: Route[] = [
      { path: '/files/*/cover', public: true },
      { method: 'GET', path: '/files', scopes: ['files'] },
    ];
    await using here = await world(session, routes);
    const { url } = here.gateway;
    expect((await ask(url, { path: '/files/1/cover' })).status).toBe(200);
    expect((await ask(url, { path: '/files;/1/cover' })).status).toBe(401);
    expect((await ask(url, { path: '/FILES/1/cover' })).status).toBe(401);
    expect(await rawStatus(url, '/files/../1/cover', 'x')).toBe(400);
  });

  it('is answered at /authorize with empty names, for a proxy that is trusted', async () => {
    using session = new Session();
    await using here = await world(session, PUBLIC);
    const { X_Scopes: _, ...claims } = CLAIMS;
    const headers = { 'X-Original-Method': 'GET', 'X-Original-URI': '/up', ...claims };
    const reply = await ask(here.gateway.url, { path: '/authorize', headers });
    const names = ['x-client-id', 'x-token-id', 'x-scopes'].map((name) => reply.headers[name]);
    expect([reply.status, ...names]).toEqual([200, '', '', '']);
    await using stranger = await startGateway(session, { routes: compileRoutes(PUBLIC) });
    expect((await ask(stranger.url, { path: '/authorize', headers })).status).toBe(401);
  });

  it('shows in the log and in the metrics', async () => {
    using session = new Session();
    await using here = await world(session, PUBLIC);
    await ask(here.gateway.url, { path: '/up?secret' });
    const metrics = await ask(here.gateway.url, { path: '/metrics' });
    expect(metrics.body).toContain('apikey_decisions_total{outcome="allowed",reason="public"} 1');
    await here.gateway.stop();
    expect(here.gateway.log.map((line): unknown => JSON.parse(line))).toMatchObject([
      { allowed: true, public: true, method: 'GET', path: '/up' },
    ]);
  });

  it('that overlaps one with scopes ends the command before it listens', async () => {
    using session = new Session();
    const routes = [
      { path: '/Up/', public: true },
      { method: 'GET', path: '/up', scopes: [] },
    ];
    writeFileSync(join(session.cwd, 'routes.json'), JSON.stringify(routes));
    const { code, stderr } = await session.run(['serve', '--port', '0', '--routes', 'routes.json']);
    expect(code).toBe(2);
    expect(stderr).toContain('route [0].public is true, but GET /up takes a token');
  });

  it('is counted when the command starts, and exact paths are said', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    writeFileSync(join(session.cwd, 'routes.json'), JSON.stringify(PUBLIC));
    const interrupted = AbortSignal.abort();
    const flags = ['serve', '--port', '0', '--routes', 'routes.json', '--exact-paths'];
    expect((await session.run(flags, { interrupted })).stderr).toContain(
      '3 in routes.json, 2 of them public; paths are exact',
    );
    const without = await session.run(['serve', '--port', '0', '--exact-paths']);
    expect([without.code, without.stderr]).toEqual([2, expect.stringContaining('--exact-paths needs --routes')]);
  });

  it('may have the path of one with scopes for another method, and letters of another case for exact servers', async () => {
    using session = new Session();
    const routes: Route[] = [
      { method: 'OPTIONS', path: '/plans', public: true },
      { method: 'GET', path: '/PLANS', public: true },
      { method: 'GET', path: '/plans', scopes: [] },
    ];
    await using here = await world(session, routes, { exactPaths: true });
    const status = async (method: string, path: string): Promise<number> =>
      (await ask(here.gateway.url, { method, path })).status;
    const asked = [
      status('OPTIONS', '/plans'),
      status('GET', '/PLANS'),
      status('GET', '/plans'),
      status('HEAD', '/plans'),
    ];
    expect(await Promise.all(asked)).toEqual([200, 200, 401, 401]);
  });
});
