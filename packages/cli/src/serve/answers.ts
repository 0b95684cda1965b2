/** Writes the fixed answers to requests, and to sockets that asked for an upgrade. */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Answer } from '@apikey/authorizer';

/** An answer of the authorizer, or one of the same form that the gateway gives by itself. */
export type GatewayAnswer = Omit<Answer, 'status'> & { readonly status: number };

/** How long a client may go on sending a body that nobody reads any more. */
const LINGER_MILLIS = 5_000;

/** `application/problem+json` (RFC 9457) that says no more than its status. */
export function problem(status: number, headers: Readonly<Record<string, string>> = {}): GatewayAnswer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status }),
  };
}

/** Whether a body comes with the request. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

export function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: GatewayAnswer,
): void {
  if (response.headersSent || response.destroyed) return;
  linger(response);
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/**
 * Before the head of an answer: if the body of the request is still on its way, reads it into nothing for a while. A
 * connection that is closed at once can take the answer with it, and one that is not must not become an endless upload.
 */
export function linger(response: ServerResponse): void {
  const { req: request, shouldKeepAlive } = response;
  if (request.complete || request.httpVersionMinor === 0) return;
  const { socket } = request;
  // Else node:http closes as soon as the answer is written.
  response.shouldKeepAlive = true;
  const end = (): void => {
    if (!shouldKeepAlive) socket.end();
  };
  response.once('close', () => {
    if (request.complete) {
      end();
      return;
    }
    const timer = setTimeout(() => socket.destroy(), LINGER_MILLIS).unref();
    request.once('end', () => {
      clearTimeout(timer);
      end();
    });
    request.resume();
  });
}

/** The same on a connection that the server has handed over. */
export function sendOnSocket(socket: Duplex, { status, headers, body }: GatewayAnswer): void {
  if (socket.destroyed || !socket.writable) return;
  const fields = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head.join('')}\r\n${body}`);
  endSocket(socket);
}

/** Ends a connection whose last answer was written, and does not wait for a client that keeps its own end open. */
export function endSocket(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MILLIS).unref();
  socket
    .once('close', () => clearTimeout(timer))
    .resume()
    .end();
}

/** The same as a Web `Response`. */
export function respond({ status, headers, body }: GatewayAnswer): Response {
  return new Response(body, { status, headers: { ...headers } });
}
