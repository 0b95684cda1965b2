/** Opens a WebSocket through the upstream, and joins the two connections. */
import { createHash } from 'node:crypto';
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { endSocket } from '../answers.ts';
import { readHead } from './answer-head.ts';
import { exchange, type ExchangeOptions } from './exchange.ts';
import { MalformedAnswer } from './failures.ts';

/** RFC 6455 section 1.3. */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * @param socket of the client, which node:http has handed over
 * @param head what the client has sent behind its request
 */
export function upgrade(options: ExchangeOptions, request: IncomingMessage, socket: Socket, head: Buffer): void {
  // A refusal is an answer like any other, on a connection that ends with it.
  const refusal = new ServerResponse(request);
  refusal.shouldKeepAlive = false;
  refusal.assignSocket(socket);
  refusal.once('finish', () => {
    refusal.detachSocket(socket);
    endSocket(socket);
  });
  const onUpgrade = (answer: IncomingMessage, upstream: Socket, upstreamHead: Buffer): void => {
    const opening = openingOf(answer, request.headers['sec-websocket-key']);
    refusal.removeAllListeners();
    refusal.detachSocket(socket);
    socket.write(opening, 'latin1');
    join(socket, upstream);
    if (head.length > 0) upstream.write(head);
    if (upstreamHead.length > 0) socket.write(upstreamHead);
    upstream.pipe(socket);
    socket.pipe(upstream);
  };
  exchange({ ...options, onUpgrade }, request, refusal);
}

/** The head that tells the client of it, written anew. Throws `MalformedAnswer`. */
function openingOf(answer: IncomingMessage, key: string | undefined): string {
  const { status, reason, headers } = readHead(answer);
  if (status !== 101 || answer.headers.upgrade?.toLowerCase() !== 'websocket')
    throw new MalformedAnswer('NO_WEBSOCKET');
  const accept = createHash('sha1').update(`${key}${ACCEPT_SUFFIX}`).digest('base64');
  if (answer.headers['sec-websocket-accept'] !== accept) throw new MalformedAnswer('WRONG_ACCEPT');
  let head = `HTTP/1.1 101 ${reason}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  for (let index = 0; index < headers.length; index += 2) head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return `${head}\r\n`;
}

/** What ends one of two joined connections without a goodbye ends the other. */
function join(client: Socket, upstream: Socket): void {
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.setTimeout(0).setNoDelay(true).setKeepAlive(true);
    one.once('close', () => other.destroy());
  }
}
