/** No answer of an upstream, however malformed, ends the gateway or leaves a client without an answer. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { startGateway } from './gateway-world.ts';
import { ANSWERS, OPENINGS, WEBSOCKET_KEY, type MalformedAnswer } from './malformed-answers.ts';
import { Session } from './session.ts';

/** Long enough for every answer that is there, and waited for by those that are silent. */
const TIMEOUT_MILLIS = 1_000;

interface Upstream extends AsyncDisposable {
  readonly url: URL;
}

/** Answers `/good` with 200, and `/N` with the N-th answer of the table, whatever else the request says. */
async function startUpstream(answers: readonly MalformedAnswer[]): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.setNoDelay(true));
    let seen = '';
    socket
      .on('error', () => {})
      .on('close', () => sockets.delete(socket))
      .on('data', (bytes) => {
        seen += bytes.toString('latin1');
        if (!seen.includes('\r\n\r\n')) return;
        const path = /^\w+ \/(\w+)/.exec(seen)?.[1] ?? '';
        seen = '';
        if (path === 'good') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood');
        else void give(socket, answers[Number(path)] ?? expect.fail(`there is no answer ${path}`));
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function give(socket: Socket, { writes, ending }: MalformedAnswer): Promise<void> {
  for (const text of writes) {
    socket.write(text, 'latin1');
    if (writes.length > 1) await new Promise(setImmediate);
  }
  if (ending === 'repeat') {
    while (!socket.destroyed) {
      socket.write(writes.at(-1) ?? '', 'latin1');
      await new Promise(setImmediate);
    }
  }
  if (ending === 'end') socket.end();
  if (ending === 'reset') socket.resetAndDestroy();
}

/** All that comes for one request, until the gateway closes the connection. */
async function speak(port: number, head: readonly string[], body = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.write([...head, '', body].join('\r\n'), 'latin1');
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  // However it ends; `once` would take a reset for a failure.
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(parts).toString('latin1');
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? expect.fail(`no answer: ${JSON.stringify(answer)}`));
}

/** Whether the answer is there to its end. */
function isWhole(answer: string): boolean {
  const [head = '', body = ''] = answer.split(/\r\n\r\n(.*)/s, 2);
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (/^HTTP\/1\.1 (?:204|304)/.test(head)) return body === '';
  return length === undefined ? body.endsWith('0\r\n\r\n') : body.length === Number(length);
}

async function inBatches(count: number, judge: (index: number) => Promise<void>): Promise<void> {
  const indexes = Array.from({ length: count }, (_, index) => index);
  while (indexes.length > 0) await Promise.all(indexes.splice(0, 20).map(judge));
}

interface World extends AsyncDisposable {
  readonly port: number;
  /** The lines of a request without its end. */
  readonly head: (method: string, path: string | number) => readonly string[];
}

async function world(session: Session, answers: readonly MalformedAnswer[]): Promise<World> {
  const upstream = await startUpstream(answers);
  const { token } = await session.issue('--client', 'partner');
  const gateway = await startGateway(session, {
    upstream: { url: upstream.url, timeoutMillis: TIMEOUT_MILLIS, forwardAuthorization: false, passHeaders: new Set() },
  });
  return {
    port: Number(new URL(gateway.url).port),
    head: (method, path) => [`${method} /${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${token}`],
    [Symbol.asyncDispose]: async () => {
      await gateway.stop();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

it(`answers each of ${ANSWERS.length} answers of an upstream, and goes on with the next request`, async () => {
  using session = new Session();
  await using here = await world(session, ANSWERS);
  const wrong: unknown[] = [];
  await inBatches(ANSWERS.length, async (index) => {
    const { name, method = 'GET', status, orCut } = ANSWERS[index] ?? expect.fail('no such answer');
    const close = ['Connection: close', ...(method === 'POST' ? ['Content-Length: 2'] : [])];
    const answer = await speak(here.port, [...here.head(method, index), ...close], method === 'POST' ? 'hi' : '');
    const seen = statusOf(answer);
    const passed = seen === status && (method === 'HEAD' || isWhole(answer));
    const right = passed || ((status === 0 || orCut === true) && !isWhole(answer));
    if (!right || /injected|x-client-id|upgrade/i.test(answer)) wrong.push({ name, status, answer });
    const next = await speak(here.port, [...here.head('GET', 'good'), 'Connection: close']);
    if (!next.endsWith('\r\n\r\ngood')) wrong.push({ name, next });
  });
  expect(wrong).toEqual([]);
});

const REFUSALS = [...OPENINGS, ...ANSWERS.filter(({ method = 'GET' }) => method === 'GET')];

it(`answers each of ${REFUSALS.length} answers to a WebSocket, and opens none`, async () => {
  using session = new Session();
  await using here = await world(session, REFUSALS);
  const asking = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const wrong: unknown[] = [];
  await inBatches(REFUSALS.length, async (index) => {
    const { name, status, orCut } = REFUSALS[index] ?? expect.fail('no such answer');
    const key = `Sec-WebSocket-Key: ${WEBSOCKET_KEY}`;
    const answer = await speak(here.port, [...here.head('GET', index), ...asking, key]);
    const seen = statusOf(answer);
    const right = (seen === status && isWhole(answer)) || ((status === 0 || orCut === true) && !isWhole(answer));
    if (seen === 101 || !right) {
      wrong.push({ name, status, answer });
    }
  });
  expect(wrong).toEqual([]);
});
