/** The listening side: limits, TLS, and an end that lets requests under way finish. */
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { ApikeyError, AccessDeniedError, InvalidValueError } from '@apikey/shared';
import { systemReason } from '../failure.ts';
import type { Front } from './front.ts';
import { UNIX_HOST } from './peers.ts';

export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Milliseconds that a client may take. */
export interface Limits {
  /** For a body that the gateway reads itself. */
  readonly body: number;
  readonly tlsHandshake: number;
}

export const LIMITS: Limits = { body: 10_000, tlsHandshake: 10_000 };

export interface ListenOptions {
  /** `unix:` and a path for a Unix socket. */
  readonly host: string;
  /** 0 = any that is free. */
  readonly port: number;
  readonly tls: Tls | undefined;
  readonly limits: Limits;
}

/** A token has up to 8 KiB; twice that holds it with everything else that a request brings. */
const MAX_HEADER_BYTES = 16_384;
const HEADERS_TIMEOUT_MILLIS = 10_000;
/** How often node:http looks for headers that are late; its default would make 40 seconds of 10. */
const CHECK_HEADERS_MILLIS = 1_000;
/** Longer than proxies and load balancers keep an idle connection, so that it is never they who use a closed one. */
const KEEP_ALIVE_MILLIS = 75_000;
const CHECK_MILLIS = 50;

export class GatewayServer {
  readonly #server: Server;
  readonly #upgraded = new Set<Duplex>();
  #draining = false;

  constructor(front: Front, { tls, limits }: Pick<ListenOptions, 'tls' | 'limits'>) {
    const options: ServerOptions = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MILLIS,
      connectionsCheckingInterval: CHECK_HEADERS_MILLIS,
      // An upload may take as long as it takes; one that stands still is the upstream's timeout to end.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MILLIS,
      // Looked at where the refusal is counted: node:http would answer on its own.
      requireHostHeader: false,
      shouldUpgradeCallback: (request: IncomingMessage) => front.upgrades(request),
    };
    const handshakeTimeout = limits.tlsHandshake;
    this.#server =
      tls === undefined
        ? createServer(options)
        : createTlsServer({ ...options, ...tls, minVersion: 'TLSv1.2', handshakeTimeout });
    const answering = new WeakMap<Duplex, ServerResponse>();
    const handle: Front['request'] = (request, response) => {
      answering.set(request.socket, response);
      if (this.#draining) response.shouldKeepAlive = false;
      front.request(request, response);
    };
    // Without listeners of their own, node would answer these before anybody has decided.
    this.#server.on('request', handle).on('checkContinue', handle).on('checkExpectation', handle);
    this.#server.on('clientError', (error: Error, socket: Duplex) => {
      const status = unreadableStatus(error);
      const response = answering.get(socket);
      const midAnswer = response?.headersSent === true && !response.writableFinished;
      if (status !== undefined && socket.writable && !midAnswer) front.unreadable(socket, status);
      else socket.destroy(error);
    });
    this.#server.on('connect', (request: IncomingMessage, socket: Duplex) => front.tunnel(request, socket));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgraded.add(socket);
      socket.once('close', () => this.#upgraded.delete(socket));
      front.upgrade(request, socket, head);
    });
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Resolves to the port, 0 for a Unix socket. */
  async listen(host: string, port: number): Promise<number> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, host, port)));
      if (host.startsWith(UNIX_HOST)) server.listen(host.slice(UNIX_HOST.length), resolve);
      else server.listen(port, host, resolve);
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Whether a request is under way. WebSockets do not count: nobody knows when one would end. */
  async #busy(): Promise<boolean> {
    this.#server.closeIdleConnections();
    const open = await new Promise<number>((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
    return open > this.#upgraded.size;
  }

  /** Takes no more requests, waits for those under way until `deadline`, then ends what is left, WebSockets too. */
  async drain(deadline: AbortSignal): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    while (!deadline.aborted && (await this.#busy())) {
      await new Promise((resolve) => setTimeout(resolve, CHECK_MILLIS));
    }
    for (const socket of this.#upgraded) socket.destroy();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** What node:http would answer; nothing where there is no one to answer: a connection that was reset, or never spoke TLS. */
function unreadableStatus(error: Error): number | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 413;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return code.startsWith('HPE_') ? 400 : undefined;
}

function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const place = host.startsWith(UNIX_HOST) ? host : `${host} port ${port}`;
  if (code === 'EADDRINUSE') {
    return new ApikeyError('ADDRESS_IN_USE', `another process listens on ${place}`, {
      fix: host.startsWith(UNIX_HOST)
        ? 'end it; if there is none, remove the file that it left behind'
        : 'end it, or choose another port: --port 0 takes one that is free',
      cause: error,
    });
  }
  if (code === 'EACCES') {
    return new AccessDeniedError('ACCESS_DENIED', `cannot listen on ${place}`, {
      why: systemReason(error),
      fix: host.startsWith(UNIX_HOST) ? 'choose a folder that this user may write to' : 'choose a port from 1024 on',
      cause: error,
    });
  }
  return new InvalidValueError('INVALID_INPUT', `cannot listen on ${place}`, {
    why: code === 'EADDRNOTAVAIL' ? 'this machine does not have that address' : systemReason(error),
    fix: 'give --host an address of this machine; 127.0.0.1 is reached from here alone',
    cause: error,
  });
}
