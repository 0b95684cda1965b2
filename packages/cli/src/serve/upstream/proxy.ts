/**
 * Hands allowed requests on to the upstream, and its answers back. By node:http itself: it tells whether a connection was used
 * before, without which no request could be sent again, and leaves the judgement of an answer's head to us.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connectionsTo } from './connections.ts';
import { exchange, type ExchangeOptions } from './exchange.ts';
import { upgrade } from './upgrade.ts';

export interface ProxyOptions extends Pick<ExchangeOptions, 'timeout' | 'onFailure'> {
  readonly upstream: URL;
}

export interface Proxy {
  /** Method, target and headers of `request` are sent as they stand there. */
  readonly web: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly close: () => void;
}

export function createProxy({ upstream, timeout, onFailure }: ProxyOptions): Proxy {
  const connections = connectionsTo(upstream);
  const options: ExchangeOptions = { connections, timeout, onFailure };
  return {
    web: (request, response) => exchange(options, request, response),
    upgrade: (request, socket, head) => {
      // node:http gives out sockets of node:net and node:tls, and types them as any duplex stream.
      if (socket instanceof Socket) upgrade(options, request, socket, head);
      else socket.destroy();
    },
    close: () => connections.close(),
  };
}
