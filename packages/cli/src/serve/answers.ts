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

export function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: GatewayAnswer,
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
  if (request.complete) return;
  // Node reads the rest of the body into nothing, so that the answer arrives; that must not become somebody's upload.
  const { socket } = request;
  const timer = setTimeout(() => request.complete || socket.destroy(), LINGER_MILLIS).unref();
  request.once('end', () => clearTimeout(timer));
}

/** The same on a connection that the server has handed over. */
export function sendOnSocket(socket: Duplex, { status, headers, body }: GatewayAnswer): void {
  if (socket.destroyed || !socket.writable) return;
  const fields = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head.join('')}\r\n${body}`);
}

/** The same as a Web `Response`. */
export function respond({ status, headers, body }: GatewayAnswer): Response {
  return new Response(body, { status, headers: { ...headers } });
}
