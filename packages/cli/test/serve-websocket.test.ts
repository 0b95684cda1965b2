/** WebSockets through `apikey serve --upstream`: decided about when they are opened, and then left alone. */
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { startBackend, startGateway, type RunningGateway } from './gateway-world.ts';
import { Session } from './session.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

interface World extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly token: string;
  readonly jti: string;
  readonly server: WebSocketServer;
  readonly opened: Record<string, string[] | undefined>[];
}

/** An echo behind the gateway. */
async function world(session: Session, timeoutMillis = 60_000): Promise<World> {
  const { token, jti } = await session.issue('--client', 'partner', '--scope', 'plans:read');
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const opened: World['opened'] = [];
  server.on('connection', (socket, request) => {
    opened.push(request.headersDistinct);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}`);
  const gateway = await startGateway(session, {
    upstream: { url, timeoutMillis, forwardAuthorization: false, passHeaders: new Set<string>() },
  });
  return {
    gateway,
    token,
    jti,
    server,
    opened,
    [Symbol.asyncDispose]: async () => {
      await gateway.stop();
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}

function open({ url }: RunningGateway, token: string | undefined, headers: Record<string, string> = {}): WebSocket {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new WebSocket(`${url.replace('http', 'ws')}/live?room=1`, { headers: { ...headers, ...authorization } });
}

/** The status that an upgrade was refused with. */
async function refusal(socket: WebSocket): Promise<number | undefined> {
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    { statusCode?: number; resume(): void },
  ];
  response.resume();
  return response.statusCode;
}

describe('a WebSocket', () => {
  it('of a live token is passed on in both directions, with whose it is and without what the client claims', async () => {
    using session = new Session();
    await using here = await world(session);
    const socket = open(here.gateway, here.token, {
      'X-Client-Id': 'root',
      X_Token_Id: 'x',
      'X-Forwarded-For': '203.0.113.1',
    });
    await once(socket, 'open');
    for (const text of ['one', 'x'.repeat(1_000_000)]) {
      socket.send(text);
      const [data] = (await once(socket, 'message')) as [Buffer];
      expect(data.toString()).toBe(text);
    }
    expect(here.opened[0]).toMatchObject({
      'x-client-id': ['partner'],
      'x-token-id': [here.jti],
      'x-scopes': ['plans:read'],
      'x-forwarded-for': ['127.0.0.1'],
    });
    expect(here.opened[0]).not.toHaveProperty('authorization');
    expect(here.opened[0]).not.toHaveProperty('x_token_id');
    socket.close();
    await once(socket, 'close');
  });

  it('takes no body with its opening: the bytes behind it are the first of the other protocol', async () => {
    using session = new Session();
    await using here = await world(session);
    const socket = connect(Number(new URL(here.gateway.url).port), '127.0.0.1');
    const opening = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${KEY}`,
    ];
    const body = ['Content-Length: 9', 'Expect: 100-continue', 'Trailer: x'];
    // A masked text frame with the mask 0: "hello".
    const frame = Buffer.from([0x81, 0x85, 0, 0, 0, 0, ...Buffer.from('hello')]);
    const head = ['GET / HTTP/1.1', 'Host: x', `Authorization: Bearer ${here.token}`, ...opening, ...body, '', ''];
    socket.write(Buffer.concat([Buffer.from(head.join('\r\n')), frame]));
    let answer = '';
    for await (const part of socket) {
      answer += (part as Buffer).toString('latin1');
      if (answer.endsWith('hello')) break;
    }
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    const names = Object.keys(here.opened[0] ?? {});
    expect(names.filter((name) => /^(?:content-length|transfer-encoding|expect|trailer)$/.test(name))).toEqual([]);
  });

  it('is refused at the upgrade without a live token, and never reaches the backend', async () => {
    using session = new Session();
    await using here = await world(session);
    expect(await refusal(open(here.gateway, undefined))).toBe(401);
    expect(await refusal(open(here.gateway, 'garbage'))).toBe(401);
    await session.run(['revoke', here.jti, '--yes']);
    expect(await refusal(open(here.gateway, here.token))).toBe(401);
    expect(here.opened).toEqual([]);
  });

  it('once open stays open when its token is revoked: only the next one is refused', async () => {
    using session = new Session();
    await using here = await world(session);
    const socket = open(here.gateway, here.token);
    await once(socket, 'open');
    await session.run(['revoke', here.jti, '--yes']);
    socket.send('still there');
    expect(String((await once(socket, 'message'))[0])).toBe('still there');
    socket.terminate();
  });

  it('ends at the other end, too, however it ends', async () => {
    using session = new Session();
    await using here = await world(session);
    const first = open(here.gateway, here.token);
    const [backendSide] = (await once(here.server, 'connection')) as [WebSocket];
    await once(first, 'open');
    const closedAtBackend = once(backendSide, 'close');
    first.terminate();
    await closedAtBackend;
    const second = open(here.gateway, here.token);
    const [otherSide] = (await once(here.server, 'connection')) as [WebSocket];
    await once(second, 'open');
    const closedAtClient = once(second, 'close');
    otherSide.terminate();
    await closedAtClient;
    expect(second.readyState).toBe(WebSocket.CLOSED);
  });

  it('is refused with what the backend answers, 502 where there is none, 504 where it says nothing', async () => {
    using session = new Session();
    await using here = await world(session);
    const { token } = here;
    const start = async (url: string): Promise<RunningGateway> =>
      startGateway(session, {
        upstream: {
          url: new URL(url),
          timeoutMillis: 1_000,
          forwardAuthorization: false,
          passHeaders: new Set<string>(),
        },
      });
    await using plain = await startBackend((_, response) => response.writeHead(404).end());
    await using silent = await startBackend(() => {});
    silent.server.on('upgrade', () => {});
    const gone = await startBackend(() => {});
    await gone[Symbol.asyncDispose]();
    const statuses = [];
    for (const url of [plain.url, gone.url, silent.url]) {
      await using gateway = await start(url);
      statuses.push(await refusal(open(gateway, token)));
    }
    expect(statuses).toEqual([404, 502, 504]);
  });

  it('does not hold up the end of the gateway', async () => {
    using session = new Session();
    await using here = await world(session);
    const socket = open(here.gateway, here.token);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await here.gateway.stop(new AbortController().signal);
    await closed;
    expect(socket.readyState).toBe(WebSocket.CLOSED);
  });
});
