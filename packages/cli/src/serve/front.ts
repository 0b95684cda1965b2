/** Takes each request to what answers it. Paths are compared as they came, before anything could rewrite them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { problem, send, sendOnSocket } from './answers.ts';
import type { Decisions, RefusalReason } from './decisions.ts';
import { AUTHORIZE_PATH, AUTHORIZE_PREFIX, type ForwardAuth } from './forward-auth.ts';
import { ENDPOINTS } from './endpoints.ts';
import type { Peers } from './peers.ts';
import { headTrouble } from './request-head.ts';
import type { ReverseProxy } from './upstream/reverse-proxy.ts';

export interface FrontOptions {
  readonly decisions: Decisions;
  readonly peers: Peers;
  readonly forwardAuth: ForwardAuth;
  readonly endpoints: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly allowRevoke: boolean;
  /** Absent without `--upstream`. */
  readonly reverseProxy: ReverseProxy | undefined;
}

export interface Front {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Answers `CONNECT`. */
  readonly tunnel: (request: IncomingMessage, socket: Duplex) => void;
  /** Answers what could not be read as HTTP. */
  readonly unreadable: (socket: Duplex, status: number) => void;
  /** Whether an `Upgrade` is followed; RFC 9110 section 7.8 allows to answer as if there were none. */
  readonly upgrades: (request: IncomingMessage) => boolean;
}

const AUTHORIZE_METHODS: readonly string[] = ['GET', 'HEAD', 'POST'];

export function front(options: FrontOptions): Front {
  const { decisions, peers, forwardAuth, endpoints, allowRevoke, reverseProxy } = options;
  const own = new Map<string, readonly string[]>(Object.entries(ENDPOINTS));
  own.set(AUTHORIZE_PATH, AUTHORIZE_METHODS);
  if (!allowRevoke) own.delete('/revoke');

  const refuse = (asked: IncomingMessage, reason: RefusalReason): void => {
    const { method, url: path } = asked;
    decisions.refuse(reason, { method, path, sourceAddress: peers.clientAddress(asked) });
  };
  const request = (asked: IncomingMessage, response: ServerResponse): Promise<void> | undefined => {
    const path = pathOf(asked);
    const trouble = headTrouble(asked);
    if (trouble !== undefined) {
      refuse(asked, trouble.reason);
      send(asked, response, problem(trouble.status));
      return undefined;
    }
    if (path.startsWith(AUTHORIZE_PREFIX)) return forwardAuth(asked, response);
    const methods = own.get(path);
    if (methods?.includes(asked.method ?? '') === true) {
      if (asked.headers.expect !== undefined) response.writeContinue();
      return path === AUTHORIZE_PATH ? forwardAuth(asked, response) : endpoints(asked, response);
    }
    if (reverseProxy !== undefined) return reverseProxy.request(asked, response);
    if (path === AUTHORIZE_PATH) refuse(asked, 'unsupported_method');
    send(asked, response, methods === undefined ? problem(404) : problem(405, { allow: methods.join(', ') }));
    return undefined;
  };
  return {
    request: (asked, response) => {
      request(asked, response)?.catch(() => response.destroy());
    },
    upgrade: (asked, socket, head) => {
      socket.on('error', () => socket.destroy());
      (reverseProxy?.upgrade(asked, socket, head) ?? Promise.reject(new TypeError('there is no upstream'))).catch(() =>
        socket.destroy(),
      );
    },
    tunnel: (asked, socket) => {
      socket.on('error', () => socket.destroy());
      refuse(asked, 'unsupported_method');
      sendOnSocket(socket, problem(405));
    },
    unreadable: (socket, status) => {
      const sourceAddress = socket instanceof Socket ? peers.ofSocket(socket).address : undefined;
      decisions.refuse('unreadable_request', { method: undefined, path: undefined, sourceAddress });
      sendOnSocket(socket, problem(status));
    },
    upgrades: (asked) =>
      reverseProxy !== undefined &&
      asked.method === 'GET' &&
      asked.headers.upgrade?.toLowerCase() === 'websocket' &&
      headTrouble(asked) === undefined &&
      !own.has(pathOf(asked)) &&
      !pathOf(asked).startsWith(AUTHORIZE_PREFIX),
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
