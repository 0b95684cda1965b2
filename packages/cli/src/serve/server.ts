/** The listening side: limits, TLS, and an end that lets requests under way finish. */
import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApikeyError, AccessDeniedError, InvalidValueError } from '@apikey/shared';
import { systemReason } from '../failure.ts';
import type { Front } from './front.ts';

export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 = any that is free. */
  readonly port: number;
  readonly tls: Tls | undefined;
}

/** A token has up to 8 KiB; twice that holds it with everything else that a request brings. */
const MAX_HEADER_BYTES = 16_384;
const HEADERS_TIMEOUT_MILLIS = 10_000;
/** Longer than proxies and load balancers keep an idle connection, so that it is never they who use a closed one. */
const KEEP_ALIVE_MILLIS = 75_000;
const CHECK_MILLIS = 50;

export class GatewayServer {
  readonly #server: Server;
  readonly #upgraded = new Set<Duplex>();
  #draining = false;

  constructor(front: Front, tls: Tls | undefined) {
    const options: ServerOptions = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MILLIS,
      // An upload may take as long as it takes; one that stands still is the upstream's timeout to end.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MILLIS,
      shouldUpgradeCallback: (request: IncomingMessage) => front.upgrades(request),
    };
    this.#server =
      tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tls, minVersion: 'TLSv1.2' });
    const handle: Front['request'] = (request, response) => {
      if (this.#draining) response.shouldKeepAlive = false;
      front.request(request, response);
    };
    // Without a listener of its own, node would tell the client to send its body before anybody has decided.
    this.#server.on('request', handle).on('checkContinue', handle);
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgraded.add(socket);
      socket.once('close', () => this.#upgraded.delete(socket));
      front.upgrade(request, socket, head);
    });
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Resolves to the port. */
  async listen(host: string, port: number): Promise<number> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, host, port)));
      server.listen(port, host, resolve);
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server on a port has such an address
    return (server.address() as AddressInfo).port;
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

function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const place = `${host} port ${port}`;
  if (code === 'EADDRINUSE') {
    return new ApikeyError('ADDRESS_IN_USE', `another process listens on ${place}`, {
      fix: 'end it, or choose another port: --port 0 takes one that is free',
      cause: error,
    });
  }
  if (code === 'EACCES') {
    return new AccessDeniedError('ACCESS_DENIED', `cannot listen on ${place}`, {
      why: systemReason(error),
      fix: 'choose a port from 1024 on',
      cause: error,
    });
  }
  return new InvalidValueError('INVALID_INPUT', `cannot listen on ${place}`, {
    why: code === 'EADDRNOTAVAIL' ? 'this machine does not have that address' : systemReason(error),
    fix: 'give --host an address of this machine; 127.0.0.1 is reached from here alone',
    cause: error,
  });
}
