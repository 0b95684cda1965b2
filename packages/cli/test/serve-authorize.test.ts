/** `/authorize`: what proxies in front are told, in-process and byte by byte. */
import { Agent } from 'node:http';
import { compileRoutes } from '@apikey/authorizer';
import { describe, expect, it } from 'vitest';
import { ask, startGateway, type Asking, type RunningGateway } from './gateway-world.ts';
import { Session } from './session.ts';

const LOCAL = ['127.0.0.1/32'];
const ROUTES = compileRoutes([
  { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
  { method: 'POST', path: '/plans/*', scopes: ['plans:write'] },
]);

const authorize = (gateway: RunningGateway, asking: Asking = {}) => ask(gateway.url, { path: '/authorize', ...asking });
const nginx = (method: string, path: string) => ({ 'X-Original-Method': method, 'X-Original-URI': path });
const traefik = (method: string, path: string) => ({ 'X-Forwarded-Method': method, 'X-Forwarded-Uri': path });

describe('GET and POST /authorize', () => {
  it('answers a live token with 200, whose it is, and no body', async () => {
    using session = new Session();
    const { token, jti } = await session.issue('--client', 'partner', '--scope', 'b', '--scope', 'a');
    await using gateway = await startGateway(session);
    for (const method of ['GET', 'POST']) {
      const { status, headers, body } = await authorize(gateway, { method, token });
      expect([status, body]).toEqual([200, '']);
      expect(headers).toMatchObject({ 'x-client-id': 'partner', 'x-token-id': jti, 'x-scopes': 'a b' });
      expect(headers['cache-control']).toBe('no-store');
    }
  });

  it('names no scopes by an empty header, so that a proxy has something to put in the place of the client’s', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    await using gateway = await startGateway(session);
    expect((await authorize(gateway, { token })).headers['x-scopes']).toBe('');
  });

  it('tells all denials apart by nothing but whether there was a token', async () => {
    using session = new Session();
    const revoked = await session.issue('--client', 'partner');
    const { token } = await session.issue('--client', 'partner');
    await session.run(['revoke', revoked.jti, '--yes']);
    await using gateway = await startGateway(session);
    const none = await authorize(gateway);
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    const denied = await Promise.all(
      [revoked.token, 'garbage', `${token.slice(0, -6)}AAAAAA`].map((bad) => authorize(gateway, { token: bad })),
    );
    denied.push(await authorize(gateway, { headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } }));
    for (const { status, headers, body } of denied) {
      expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"']);
      expect(body).toBe(denied[0]?.body);
    }
  });

  it('denies a revoked token with the very next request', async () => {
    using session = new Session();
    const { token, jti } = await session.issue('--client', 'partner');
    await using gateway = await startGateway(session);
    expect((await authorize(gateway, { token })).status).toBe(200);
    await session.run(['revoke', jti, '--yes']);
    expect((await authorize(gateway, { token })).status).toBe(401);
  });

  it('answers 503 with Retry-After while there is no registry, says so once, and works as soon as there is one', async () => {
    using session = new Session();
    using other = new Session();
    const { token } = await other.issue('--client', 'partner');
    await using gateway = await startGateway(session);
    const { status, headers } = await authorize(gateway, { token });
    expect([status, headers['retry-after']]).toEqual([503, '2']);
    expect(gateway.notices).toEqual([expect.stringContaining('answered with 503 (REGISTRY_UNAVAILABLE)')]);
    const own = await session.issue('--client', 'partner');
    expect((await authorize(gateway, { token: own.token })).status).toBe(200);
    expect((await authorize(gateway, { token })).status).toBe(401);
  });

  it('answers other methods with 405, and unknown paths with 404', async () => {
    using session = new Session();
    await using gateway = await startGateway(session);
    const wrong = await authorize(gateway, { method: 'DELETE' });
    expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'GET, HEAD, POST']);
    for (const path of ['/', '/authorizes', '/Authorize', '//authorize', '/x/../authorize', '/revoke']) {
      expect([path, (await ask(gateway.url, { path })).status]).toEqual([path, 404]);
    }
  });
});

describe('/authorize with routes', () => {
  it.each([
    ['nginx', nginx],
    ['Traefik and Caddy', traefik],
  ])('decides about the request that a trusted %s names', async (_, say) => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner', '--scope', 'plans:read');
    await using gateway = await startGateway(session, { routes: ROUTES, trustProxy: LOCAL });
    const statusOf = async (method: string, path: string): Promise<number> =>
      (await authorize(gateway, { token, headers: say(method, path) })).status;
    expect(await statusOf('GET', '/plans/1?x=/../')).toBe(200);
    expect(await statusOf('POST', '/plans/1')).toBe(403);
    expect(await statusOf('GET', '/other')).toBe(403);
    for (const path of ['/plans/../other', '/plans/%2e%2e/other', '/plans//1', '/plans%2f1', 'plans/1', '']) {
      expect([path, await statusOf('GET', path)]).toEqual([path, 403]);
    }
  });

  it('takes method and path from the request itself behind /authorize/, as Envoy sends it', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner', '--scope', 'plans:read');
    await using gateway = await startGateway(session, { routes: ROUTES, trustProxy: LOCAL });
    const statusOf = async (method: string, path: string, given = token): Promise<number> =>
      (await ask(gateway.url, { method, path: `/authorize${path}`, token: given })).status;
    expect(await statusOf('GET', '/plans/1?x=1')).toBe(200);
    expect(await statusOf('POST', '/plans/1')).toBe(403);
    expect(await statusOf('PATCH', '/plans/1')).toBe(403);
    expect(await statusOf('GET', '/')).toBe(403);
    expect(await statusOf('GET', '/plans/1', 'garbage')).toBe(401);
  });

  it('believes nobody else: without a trusted word on the route, nothing is let in', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner', '--scope', 'plans:read');
    await using gateway = await startGateway(session, { routes: ROUTES, trustProxy: ['10.0.0.0/8'] });
    const tries: Asking[] = [
      { headers: nginx('GET', '/plans/1') },
      { headers: traefik('GET', '/plans/1') },
      { path: '/authorize/plans/1' },
      {},
    ];
    for (const asking of tries) {
      expect((await authorize(gateway, { token, ...asking })).status).toBe(403);
      expect((await authorize(gateway, { token: 'garbage', ...asking })).status).toBe(401);
    }
    expect(gateway.notices[0]).toBe(
      '127.0.0.1 asks /authorize and is not in --trust-proxy, so that the route is not known: denied',
    );
  });

  it('denies where a trusted proxy says nothing, half of it, or two things', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner', '--scope', 'plans:read');
    await using gateway = await startGateway(session, { routes: ROUTES, trustProxy: LOCAL });
    const half = { 'X-Original-URI': '/plans/1' };
    const two = { ...nginx('GET', '/plans/1'), ...traefik('GET', '/plans/2') };
    const smuggled = { ...traefik('POST', '/plans/1'), 'X-Original-Method': 'GET' };
    for (const headers of [{}, half, two, smuggled]) {
      expect((await authorize(gateway, { token, headers })).status).toBe(403);
    }
  });

  it('denies contradictions without routes as well', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    await using gateway = await startGateway(session, { trustProxy: LOCAL });
    const headers = { ...nginx('GET', '/a'), ...traefik('GET', '/b') };
    expect((await authorize(gateway, { token, headers })).status).toBe(403);
    expect((await authorize(gateway, { token, headers: nginx('GET', '/a') })).status).toBe(200);
  });
});

describe('/authorize and what a backend could mistake', () => {
  it('refuses a header that looks like one of ours, or of a proxy, in another spelling', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    await using gateway = await startGateway(session, { trustProxy: LOCAL });
    const statusWith = async (name: string): Promise<number> =>
      (await authorize(gateway, { token, headers: { ...traefik('GET', '/a'), [name]: 'root' } })).status;
    for (const separator of "_.!#$%&'*+^`|~") {
      for (const name of ['X-Client-Id', 'X-Scopes', 'X-Forwarded-User', 'X-Original-Uri', 'X-Forwarded-For']) {
        const spelled = name.replaceAll('-', separator);
        expect([spelled, await statusWith(spelled)]).toEqual([spelled, 403]);
      }
    }
    // The proxy overwrites these, and drops what it likes of others.
    for (const name of ['X-Client-Id', 'x-scopes', 'X-Forwarded-User', 'X_Request_Id', 'X.Trace.Id']) {
      expect([name, await statusWith(name)]).toEqual([name, 200]);
    }
  });

  it('does not keep the connection of a POST, whose body nobody reads', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    await using gateway = await startGateway(session);
    const agent = new Agent({ keepAlive: true });
    for (const given of [{ token }, {}]) {
      const posted = await authorize(gateway, { ...given, method: 'POST', body: 'x', agent });
      expect([posted.status < 402, posted.headers.connection]).toEqual([true, 'close']);
      expect((await authorize(gateway, { ...given, agent })).headers.connection).toBe('keep-alive');
    }
    agent.destroy();
  });
});

describe('/authorize and addresses', () => {
  async function limit(session: Session, cidr: string): Promise<void> {
    expect((await session.run(['clients', 'set', 'partner', '--cidr', cidr])).code).toBe(0);
  }

  async function limited(session: Session): Promise<string> {
    const { token } = await session.issue('--client', 'partner');
    await limit(session, '192.0.2.0/24');
    return token;
  }

  it('takes the right-most address that no trusted proxy owns', async () => {
    using session = new Session();
    const token = await limited(session);
    await using gateway = await startGateway(session, { trustProxy: [...LOCAL, '10.0.0.0/8'] });
    const statusOf = async (forwarded: string): Promise<number> =>
      (await authorize(gateway, { token, headers: { 'X-Forwarded-For': forwarded } })).status;
    expect(await statusOf('192.0.2.7')).toBe(200);
    expect(await statusOf('203.0.113.9, 192.0.2.7, 10.0.0.1')).toBe(200);
    expect(await statusOf('192.0.2.7, 203.0.113.9')).toBe(403);
    expect(await statusOf('192.0.2.7, nonsense, 10.0.0.1')).toBe(403);
    expect(await statusOf('')).toBe(403);
    // Remembered by its text, it says the same again.
    expect(await statusOf('192.0.2.7')).toBe(200);
  });

  it('takes the other end of the connection where that is no trusted proxy', async () => {
    using session = new Session();
    const token = await limited(session);
    await using gateway = await startGateway(session);
    expect((await authorize(gateway, { token, headers: { 'X-Forwarded-For': '192.0.2.7' } })).status).toBe(403);
    await limit(session, '127.0.0.1/32');
    expect((await authorize(gateway, { token })).status).toBe(200);
  });
});

describe('a refusal without a decision', () => {
  it('is counted and logged by a reason of its own', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    const gateway = await startGateway(session, { trustProxy: LOCAL });
    const from = { 'X-Forwarded-For': '203.0.113.7:41234' };
    await authorize(gateway, { token, headers: { ...from, ...nginx('GET', '/a'), ...traefik('GET', '/b') } });
    await authorize(gateway, { token, headers: { ...from, ...nginx('GET', '/a?secret'), X_Client_Id: 'root' } });
    const { body } = await ask(gateway.url, { path: '/metrics' });
    await gateway.stop();
    const lines = gateway.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    const refused = { type: 'apikey.decision', allowed: false, address: '203.0.113.7' };
    expect(lines).toMatchObject([
      { ...refused, reason: 'contradictory_request' },
      { ...refused, reason: 'disguised_header', method: 'GET', path: '/a' },
    ]);
    expect(body).toContain('apikey_decisions_total{outcome="denied",reason="contradictory_request"} 1');
    expect(body).toContain('apikey_decisions_total{outcome="denied",reason="disguised_header"} 1');
  });
});

describe('the log', () => {
  it('has one JSON line for each decision, with the request and without its query or token', async () => {
    using session = new Session();
    const { token, jti } = await session.issue('--client', 'partner', '--scope', 'plans:read');
    const gateway = await startGateway(session, { routes: ROUTES, trustProxy: LOCAL });
    const headers = { ...nginx('GET', `/plans/1?token=${token}`), 'X-Forwarded-For': '203.0.113.7' };
    await authorize(gateway, { token, headers });
    await authorize(gateway, { token, headers: nginx('POST', '/plans/1') });
    await authorize(gateway, { token: 'garbage' });
    await gateway.stop();
    const lines = gateway.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      {
        type: 'apikey.decision',
        at: '2026-11-20T12:00:00.000Z',
        allowed: true,
        client: 'partner',
        jti,
        method: 'GET',
        path: '/plans/1',
        address: '203.0.113.7',
        latencyMs: expect.any(Number),
        cache: { token: 'miss', status: 'miss' },
      },
      { allowed: false, reason: 'insufficient_scope', jti, method: 'POST' },
      { allowed: false, reason: 'malformed' },
    ]);
    expect(lines[2]).not.toHaveProperty('path');
    expect(gateway.log.join()).not.toContain(token.slice(0, 40));
  });

  it('has readable lines for people', async () => {
    using session = new Session();
    const { token, jti } = await session.issue('--client', 'partner');
    const gateway = await startGateway(session, { log: 'text', trustProxy: LOCAL });
    await authorize(gateway, { token, headers: nginx('GET', '/plans/\u00851?x') });
    await authorize(gateway);
    await gateway.stop();
    expect(gateway.log.map((line) => line.replace(/[\d.]+ ms/, 'N ms'))).toEqual([
      `12:00:00  allowed  GET /plans/\u{FFFD}1  partner ${jti}  no address  N ms`,
      '12:00:00  denied: missing_token  no address  N ms',
    ]);
  });
});
