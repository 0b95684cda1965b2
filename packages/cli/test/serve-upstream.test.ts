/** `apikey serve --upstream`: what reaches the backend, what comes back, and what happens when either end misbehaves. */
import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type RequestListener } from 'node:http';
import { connect, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { compileRoutes } from '@apikey/authorizer';
import { describe, expect, it } from 'vitest';
import { ask, echo, echoed, startBackend, startGateway, type RunningGateway } from './gateway-world.ts';
import { Session } from './session.ts';

const upstream = (url: string, timeoutMillis = 60_000) => ({
  upstream: { url: new URL(url), timeoutMillis, forwardAuthorization: false, passHeaders: new Set<string>() },
});

/** Sends bytes as they are and returns all that comes back. */
async function speak(url: string, ...lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // Who is refused at once may have his answer before the rest of what he says fails to be written.
  socket.on('error', () => {});
  socket.write(lines.join('\r\n'), 'latin1');
  const answer = await socket.toArray();
  return answer.join('');
}

interface World extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly token: string;
  readonly jti: string;
  /** Of every request that reached the backend. */
  readonly reached: readonly IncomingMessage[];
}

async function world(session: Session, handle: RequestListener = echo, timeoutMillis?: number): Promise<World> {
  const { token, jti } = await session.issue('--client', 'partner', '--scope', 'plans:read');
  const reached: IncomingMessage[] = [];
  const backend = await startBackend((request, response) => {
    reached.push(request);
    handle(request, response);
  });
  const gateway = await startGateway(session, upstream(backend.url, timeoutMillis));
  return {
    gateway,
    token,
    jti,
    reached,
    [Symbol.asyncDispose]: async () => {
      await gateway.stop();
      await backend[Symbol.asyncDispose]();
    },
  };
}

describe('the reverse proxy', () => {
  it('lets live requests through with whose they are, without the token and without what the client claims', async () => {
    using session = new Session();
    await using here = await world(session);
    const { gateway, token, jti } = here;
    const headers = { 'X-Client-Id': 'root', X_Scopes: 'admin', 'X-Forwarded-For': '203.0.113.1', Host: 'api.example' };
    const reply = await ask(gateway.url, { path: '/plans/1?x=%2F&y', token, headers });
    expect(reply.status).toBe(200);
    expect(echoed(reply)).toEqual({
      method: 'GET',
      url: '/plans/1?x=%2F&y',
      bytes: 0,
      headers: {
        host: ['api.example'],
        connection: ['keep-alive'],
        'x-client-id': ['partner'],
        'x-token-id': [jti],
        'x-scopes': ['plans:read'],
        'x-forwarded-for': ['127.0.0.1'],
        'x-forwarded-proto': ['http'],
        'x-forwarded-host': ['api.example'],
      },
    });
  });

  it('keeps everybody else away from the backend', async () => {
    using session = new Session();
    await using here = await world(session);
    const { gateway, token, jti, reached } = here;
    expect((await ask(gateway.url, { path: '/plans' })).status).toBe(401);
    expect((await ask(gateway.url, { path: '/plans', token: 'garbage' })).status).toBe(401);
    await session.run(['revoke', jti, '--yes']);
    const reply = await ask(gateway.url, { path: '/plans', token });
    expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"']);
    expect(reached).toEqual([]);
  });

  it('holds requests to their routes by their own method and path, whatever headers say', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner', '--scope', 'plans:read');
    await using backend = await startBackend(echo);
    const routes = compileRoutes([{ method: 'GET', path: '/plans/*', scopes: ['plans:read'] }]);
    await using gateway = await startGateway(session, {
      ...upstream(backend.url),
      routes,
      trustProxy: ['127.0.0.1/32'],
    });
    expect((await ask(gateway.url, { path: '/plans/1', token })).status).toBe(200);
    const headers = { 'X-Original-URI': '/plans/1', 'X-Original-Method': 'GET' };
    expect((await ask(gateway.url, { path: '/admin', token, headers })).status).toBe(403);
    for (const path of ['/plans/../admin', '/plans/%2e%2e/admin', '//plans/1']) {
      expect([path, (await ask(gateway.url, { path, token, headers })).status]).toEqual([path, 400]);
    }
    expect((await ask(gateway.url, { method: 'DELETE', path: '/plans/1', token, headers })).status).toBe(403);
  });

  it('answers at its own paths itself, for their methods alone', async () => {
    using session = new Session();
    await using here = await world(session);
    const { gateway, token } = here;
    expect((await ask(gateway.url, { path: '/healthz' })).body).toBe('{"status":"ok"}');
    expect((await ask(gateway.url, { path: '/authorize', token })).body).toBe('');
    expect(echoed(await ask(gateway.url, { method: 'PUT', path: '/healthz', token, body: 'x' }))).toMatchObject({
      bytes: 1,
    });
    expect(echoed(await ask(gateway.url, { path: '/healthz/', token }))).toMatchObject({ url: '/healthz/' });
    expect((await ask(gateway.url, { method: 'PUT', path: '/healthz', body: 'x' })).status).toBe(401);
  });

  it('passes the answer on as it is: status, repeated headers, no body of a HEAD, without those of one hop', async () => {
    using session = new Session();
    const handle: RequestListener = (_, response) => {
      response.writeHead(418, 'Short and stout', [
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'X-Hop',
        '1',
        'Connection',
        'close, x-hop',
      ]);
      response.end('tea');
    };
    await using here = await world(session, handle);
    const { gateway, token } = here;
    const agent = new Agent({ keepAlive: true });
    const reply = await ask(gateway.url, { token, agent });
    agent.destroy();
    expect([reply.status, reply.body]).toEqual([418, 'tea']);
    expect(reply.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(reply.headers).not.toHaveProperty('x-hop');
    // The upstream closed its connection; that is no reason to close the client's.
    expect(reply.headers.connection).toBe('keep-alive');
    expect(await ask(gateway.url, { method: 'HEAD', token })).toMatchObject({ status: 418, body: '' });
  });

  it('passes the head of a stream on before there is any of its body', async () => {
    using session = new Session();
    const head = Promise.withResolvers<void>();
    await using here = await world(session, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      void head.promise.then(() => response.end('data: 1\n\n'));
    });
    const sent = get(here.gateway.url, { headers: { authorization: `Bearer ${here.token}` } });
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    expect(answer.headers['content-type']).toBe('text/event-stream');
    head.resolve();
    expect((await answer.toArray()).join('')).toBe('data: 1\n\n');
  });

  it('passes bodies on, with a length and without, of every method', async () => {
    using session = new Session();
    await using here = await world(session);
    const { gateway, token } = here;
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const asking = { method, path: '/x', token };
      const long = await ask(gateway.url, { ...asking, headers: { 'content-length': '5' }, body: 'hello' });
      expect(echoed(long)).toMatchObject({ method, bytes: 5, headers: { 'content-length': ['5'] } });
      const chunked = { ...asking, headers: { 'transfer-encoding': 'chunked' }, body: Readable.from(['he', 'llo']) };
      expect(echoed(await ask(gateway.url, chunked))).toMatchObject({ method, bytes: 5 });
      expect(echoed(await ask(gateway.url, asking))).toMatchObject({ method, bytes: 0 });
    }
  });

  it('tells a client that expects it to send its body only once it was let in', async () => {
    using session = new Session();
    await using here = await world(session);
    const { gateway, token, reached } = here;
    const lines = (credential: string) => [
      'POST /x HTTP/1.1',
      'Host: x',
      `Authorization: Bearer ${credential}`,
      'Expect: 100-continue',
      'Connection: close',
      'Content-Length: 5',
      '',
      '',
    ];
    expect(await speak(gateway.url, ...lines('garbage'))).toMatch(/^HTTP\/1\.1 401 /);
    expect(reached).toEqual([]);
    const answer = await speak(gateway.url, ...lines(token).slice(0, -1), 'hello');
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(reached[0]?.headers).not.toHaveProperty('expect');
  });

  it('uses connections to the backend again, and survives that the backend closed one', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    let [connections, requests] = [0, 0];
    // Answers the first request of every connection, and ends the connection at the second, as after an idle time.
    const fickle = createServer((socket) => {
      connections += 1;
      let seen = 0;
      socket
        .on('error', () => {})
        .on('data', () => {
          seen += 1;
          requests += 1;
          if (seen === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          else socket.resetAndDestroy();
        });
    });
    fickle.listen(0, '127.0.0.1');
    await once(fickle, 'listening');
    const { port } = fickle.address() as { port: number };
    await using gateway = await startGateway(session, upstream(`http://127.0.0.1:${port}`));
    for (let round = 0; round < 3; round += 1) expect((await ask(gateway.url, { token })).status).toBe(200);
    expect([connections, requests]).toEqual([3, 5]);
    // What may have had an effect is not sent a second time.
    expect((await ask(gateway.url, { method: 'POST', token, body: 'x' })).status).toBe(502);
    expect(requests).toBe(6);
    fickle.close();
  });
});

describe('a backend that fails', () => {
  it('is a 502 where nobody listens, and the operator is told why', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    const gone = await startBackend(echo);
    await gone[Symbol.asyncDispose]();
    await using gateway = await startGateway(session, upstream(gone.url));
    const reply = await ask(gateway.url, { token });
    expect([reply.status, reply.headers['content-type']]).toEqual([502, 'application/problem+json']);
    expect(gateway.notices).toEqual([`the upstream ${gone.url} did not answer: ECONNREFUSED (502)`]);
    const metrics = await ask(gateway.url, { path: '/metrics' });
    expect(metrics.body).toContain('apikey_upstream_failures_total{status="502"} 1');
  });

  it('is a 502 where it hangs up, or does not speak HTTP', async () => {
    using session = new Session();
    await using here = await world(session, (request) => request.socket.end('nonsense\r\n\r\n'));
    expect((await ask(here.gateway.url, { token: here.token })).status).toBe(502);
    await using other = await world(session, (request) => request.socket.destroy());
    expect((await ask(other.gateway.url, { method: 'POST', token: other.token, body: 'x' })).status).toBe(502);
  });

  it('is a 504 where it keeps silent too long', async () => {
    using session = new Session();
    await using here = await world(session, () => {}, 50);
    expect((await ask(here.gateway.url, { token: here.token })).status).toBe(504);
    expect(here.gateway.notices[0]).toContain('ETIMEDOUT (504)');
  });

  it('that breaks off in the middle of a long answer leaves the client with no whole answer', async () => {
    using session = new Session();
    await using here = await world(session, (_, response) => {
      response.writeHead(200, { 'content-length': 100_000 }).write('x'.repeat(50_000));
      setImmediate(() => response.destroy());
    });
    await expect(ask(here.gateway.url, { token: here.token })).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });

  it('that breaks off in the middle of a short answer is a 502', async () => {
    using session = new Session();
    await using here = await world(session, (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setImmediate(() => response.destroy());
    });
    expect((await ask(here.gateway.url, { token: here.token })).status).toBe(502);
  });

  it('may answer before it has read the body', async () => {
    using session = new Session();
    await using here = await world(session, (_, response) => response.writeHead(413).end('too large'));
    const body = Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(65_536)));
    const headers = { 'content-length': String(64 * 65_536) };
    const reply = await ask(here.gateway.url, { method: 'POST', token: here.token, headers, body });
    expect([reply.status, reply.body]).toEqual([413, 'too large']);
  });
});

describe('a client that misbehaves', () => {
  it('and goes away ends the request to the backend', async () => {
    using session = new Session();
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    await using here = await world(session, (request) => {
      request.socket.once('close', () => resolve());
      arrive();
    });
    const { hostname, port } = new URL(here.gateway.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${here.token}\r\n\r\n`);
    await arrived;
    socket.destroy();
    await closed;
    expect(here.gateway.notices).toEqual([]);
  });

  it('is told so where two servers could understand it differently, and the backend is not', async () => {
    using session = new Session();
    await using here = await world(session);
    const credential = [`Authorization: Bearer ${here.token}`, 'Connection: close'];
    const odd: readonly [what: string, lines: readonly string[], status: number][] = [
      ['an absolute target', ['GET http://other/ HTTP/1.1', 'Host: x'], 400],
      ['a target that is no path', ['OPTIONS * HTTP/1.1', 'Host: x'], 400],
      ['TRACE', ['TRACE / HTTP/1.1', 'Host: x'], 405],
      ['CONNECT', ['CONNECT x:1 HTTP/1.1', 'Host: x:1'], 405],
      ['no HTTP', ['nonsense'], 400],
      ['two lengths', ['POST / HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2'], 400],
      ['a length and chunks', ['POST / HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Transfer-Encoding: chunked'], 400],
      ['a second encoding', ['POST / HTTP/1.1', 'Host: x', 'Transfer-Encoding: gzip, chunked'], 501],
      ['no host', ['GET / HTTP/1.1'], 400],
      ['two hosts', ['GET / HTTP/1.1', 'Host: x', 'Host: x'], 400],
      ['two hosts in HTTP/1.0', ['GET / HTTP/1.0', 'Host: x', 'Host: y'], 400],
      ['a path in its host', ['GET / HTTP/1.1', 'Host: x/admin?'], 400],
      ['a fragment in its host', ['GET / HTTP/1.1', 'Host: x#'], 400],
      ['a user in its host', ['GET / HTTP/1.1', 'Host: y@x'], 400],
      ['a backslash in its host', ['GET / HTTP/1.1', 'Host: x\\admin'], 400],
      ['a space in its host', ['GET / HTTP/1.1', 'Host: x /admin'], 400],
      [
        'a WebSocket for two hosts',
        ['GET / HTTP/1.1', 'Host: x', 'Host: y', 'Connection: Upgrade', 'Upgrade: websocket'],
        400,
      ],
      ['another expectation', ['GET / HTTP/1.1', 'Host: x', 'Expect: 200-ok'], 417],
      ['a header with a space before its colon', ['GET / HTTP/1.1', 'Host: x', 'X-Client-Id : root'], 400],
      ['endless headers', ['GET / HTTP/1.1', 'Host: x', `X-Long: ${'x'.repeat(20_000)}`], 431],
    ];
    for (const [what, [first = '', ...rest], status] of odd) {
      const answer = await speak(here.gateway.url, first, ...credential, ...rest, '', '');
      expect([what, answer.split(' ', 2)[1]]).toEqual([what, String(status)]);
    }
    expect(here.reached).toEqual([]);
    await here.gateway.stop();
    const reasons = here.gateway.log.map((line) => (JSON.parse(line) as { reason: string }).reason);
    expect(new Set(reasons)).toEqual(
      new Set([
        'unsupported_target',
        'unsupported_method',
        'unsupported_encoding',
        'unsupported_expectation',
        'unreadable_request',
      ]),
    );
    expect(reasons).toHaveLength(odd.length);
  });
});

describe('trailers', () => {
  it('reach nobody, in either direction', async () => {
    using session = new Session();
    let trailers: unknown;
    await using here = await world(session, (request, response) => {
      request.resume().on('end', () => {
        trailers = request.trailers;
        response.writeHead(200, { trailer: 'X-Client-Id' });
        response.write('x');
        response.addTrailers({ 'X-Client-Id': 'root' });
        response.end();
      });
    });
    const head = ['POST / HTTP/1.1', 'Host: x', `Authorization: Bearer ${here.token}`, 'Connection: close'];
    const body = ['Transfer-Encoding: chunked', 'Trailer: X-Client-Id', '', '1', 'x', '0', 'X-Client-Id: root', '', ''];
    const answer = await speak(here.gateway.url, ...head, ...body);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).not.toMatch(/x-client-id/i);
    expect(trailers).toEqual({});
  });
});

describe('the end', () => {
  it('waits for what is under way, lets nobody new in, and ends what takes too long', async () => {
    using session = new Session();
    const { promise: release, resolve } = Promise.withResolvers<void>();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    await using here = await world(session, (_, response) => {
      arrive();
      void release.then(() => response.end('done'));
    });
    const { gateway, token } = here;
    const agent = new Agent({ keepAlive: true });
    await ask(gateway.url, { path: '/healthz', agent });
    const underway = ask(gateway.url, { token });
    await arrived;
    const stopped = gateway.stop(new AbortController().signal);
    await expect(ask(gateway.url, { path: '/healthz' })).rejects.toThrow('ECONNREFUSED');
    resolve();
    expect((await underway).body).toBe('done');
    await stopped;
    agent.destroy();
  });

  it('after its deadline cuts requests off', async () => {
    using session = new Session();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    await using here = await world(session, () => arrive());
    const cut = ask(here.gateway.url, { token: here.token }).catch((error: Error) => error.message);
    await arrived;
    const deadline = new AbortController();
    const stopped = here.gateway.stop(deadline.signal);
    deadline.abort();
    await stopped;
    expect(await cut).toMatch(/hang up|ECONNRESET/);
  });
});
