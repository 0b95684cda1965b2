/** Hands allowed requests on to the upstream, and its answers back, as streams: no body is ever held. */
import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createProxyServer } from 'httpxy';
import { problem, send, sendOnSocket } from '../answers.ts';
import { codeOf, statusOf, UpstreamTimeout } from './failures.ts';
import { endToEnd } from './request-headers.ts';

export interface ProxyOptions {
  readonly upstream: URL;
  /** Milliseconds without a sign of life after which a request is given up. */
  readonly timeout: number;
  readonly onFailure: (status: 502 | 504, code: string) => void;
}

export interface Proxy {
  /** The headers of `request` are sent as they stand in `request.headers`. */
  readonly web: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly close: () => void;
}

/** To find that nobody listens takes no longer, wherever the upstream is. */
const CONNECT_TIMEOUT_MILLIS = 5_000;

export function createProxy({ upstream, timeout, onFailure }: ProxyOptions): Proxy {
  const https = upstream.protocol === 'https:';
  const agent = https ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  // Certificates and virtual hosts go by name; without TLS the upstream sees the host that the client asked for.
  const common = { target: upstream, changeOrigin: https, xfwd: false };
  const web = createProxyServer({ ...common, agent, selfHandleResponse: true });
  // A connection that was upgraded is never used again.
  const sockets = createProxyServer({ ...common, agent: false, upgradeTimeout: timeout });

  const sent = new WeakMap<IncomingMessage, ClientRequest>();
  web.on('proxyReq', (proxyRequest, request) => {
    sent.set(request, proxyRequest);
    limitSilence(proxyRequest, timeout);
  });
  web.on('proxyRes', (answer, _, response) => passOn(answer, response));
  web.on('error', (error, request, response) => {
    if (request === undefined || response === undefined || response instanceof Socket || response.destroyed) return;
    if (!response.headersSent && metClosedConnection(error, request, sent.get(request))) {
      void web.web(request, response);
      return;
    }
    fail(error, () => {
      if (response.headersSent) response.destroy();
      else send(request, response, problem(statusOf(error)));
    });
  });
  sockets.on('proxyReqWs', (proxyRequest, _, socket) => {
    proxyRequest.on('upgrade', (__, upstreamSocket) => endTogether(socket, upstreamSocket));
  });
  sockets.on('error', (error, _, socket) => {
    if (!(socket instanceof Socket) || socket.destroyed) return;
    fail(error, () => {
      if (socket.bytesWritten === 0) sendOnSocket(socket, problem(statusOf(error)));
      else socket.destroy();
    });
  });

  function fail(error: unknown, answer: () => void): void {
    answer();
    onFailure(statusOf(error), codeOf(error));
  }

  return {
    web: (request, response) => void web.web(request, response),
    upgrade: (request, socket, head) => {
      // node:http gives out sockets of node:net and node:tls, and types them as any duplex stream.
      if (socket instanceof Socket) void sockets.ws(request, socket, {}, head);
      else socket.destroy();
    },
    close: () => agent.destroy(),
  };
}

/** Without a body, and of no effect however often they are made (RFC 9110 section 9.2.2). */
const REPEATABLE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether the upstream closed an idle connection just when it was to be used again. Each time takes one connection out of
 * the pool, so that the last try is made on a new one.
 */
function metClosedConnection(
  error: Error,
  { method, headers }: IncomingMessage,
  sent: ClientRequest | undefined,
): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  return REPEATABLE.has(method) && !hasBody && codeOf(error) === 'ECONNRESET' && sent?.reusedSocket === true;
}

function limitSilence(request: ClientRequest, timeout: number): void {
  const giveUp = (): void => void request.destroy(new UpstreamTimeout('the upstream did not answer in time'));
  request.setTimeout(timeout, giveUp);
  const { socket } = request;
  if (socket?.connecting !== true) return;
  const timer = setTimeout(giveUp, Math.min(timeout, CONNECT_TIMEOUT_MILLIS));
  socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
}

function passOn(answer: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) {
    answer.destroy();
    return;
  }
  response.writeHead(
    answer.statusCode ?? 502,
    answer.statusMessage,
    endToEnd(answer.rawHeaders, answer.headers.connection),
  );
  answer.pipe(response);
}

/** What ends one of two joined connections without a goodbye ends the other. */
function endTogether(one: Socket, other: Socket): void {
  one.once('close', () => other.destroy());
  other.once('close', () => one.destroy());
}
