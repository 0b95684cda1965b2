/** WebSocket connections behind the authorizer: who may open one is decided before the handshake is answered. */
import {
  answerDenied,
  answerFault,
  compileRoutes,
  createAuthorizer,
  readCredential,
  type Answer,
} from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import { createServer, STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

const {
  APIKEY_DATA_DIR: dataDir = '',
  APIKEY_ISSUER: issuer = 'https://apikey.localhost',
  APIKEY_AUDIENCE: audience = 'https://api.localhost',
  PORT: port = '3000',
} = process.env;

const authorizer = createAuthorizer({
  issuer,
  audience,
  status: localStatus({ dataDir }),
  keys: localKeys({ dataDir }),
});
// An upgrade is a GET, and needs the scopes of a GET.
const routes = compileRoutes([{ method: 'GET', path: '/live/*', scopes: ['plans:read'] }]);

/** The client that may open this connection, or the answer that refuses it. */
async function decide(request: IncomingMessage): Promise<string | Answer> {
  const { rawHeaders, method, url: path, socket } = request;
  try {
    const token = readCredential({ rawHeaders });
    const decision = await authorizer.authorize({ token, method, path, routes, sourceAddress: socket.remoteAddress });
    return decision.allowed ? decision.client : answerDenied(decision);
  } catch {
    return answerFault();
  }
}

/** After an upgrade node:http leaves the socket to us: there is no response to write to. */
function refuse(socket: Duplex, { status, headers, body }: Answer): void {
  const all = { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
}

const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 });

const server = createServer((_, response) => {
  response.writeHead(426, { connection: 'upgrade', upgrade: 'websocket' }).end();
});

/** For errors of clients that have left: without a listener they would end the process. */
function ignore(): void {}

server.on('upgrade', (request, socket, head) => {
  // `ws` listens only once it has the socket.
  socket.on('error', ignore);
  void decide(request).then((outcome) => {
    if (typeof outcome === 'object') return refuse(socket, outcome);
    // The client may have left while this was decided; `ws` then closes what is left of the connection.
    socket.off('error', ignore);
    return sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on('error', ignore);
      opened.on('message', (data, binary) => opened.send(data, { binary }));
      opened.send(JSON.stringify({ hello: outcome }));
    });
  });
});

server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  const listening = typeof address === 'object' ? address?.port : address;
  process.stdout.write(`listening on http://127.0.0.1:${listening}\n`);
});
