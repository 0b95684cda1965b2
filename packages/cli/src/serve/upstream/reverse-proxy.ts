/** `--upstream`: lets live requests through, upgrades included, with the headers that say whose they are. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { problem, send, sendOnSocket, type GatewayAnswer } from '../answers.ts';
import type { Decisions } from '../decisions.ts';
import { canonicalTarget, type Allowed, type PublicAccess } from '@apikey/authorizer';
import type { Peers } from '../peers.ts';
import type { Proxy } from './proxy.ts';
import { rewriteHeaders } from './request-headers.ts';

export interface ReverseProxyOptions {
  readonly decisions: Decisions;
  readonly peers: Peers;
  readonly proxy: Proxy;
  readonly encrypted: boolean;
  readonly forwardAuthorization: boolean;
}

export interface ReverseProxy {
  readonly request: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;
}

export function reverseProxy(options: ReverseProxyOptions): ReverseProxy {
  const { proxy } = options;
  return {
    request: async (request, response) => {
      const outcome = trouble(request) ?? (await decide(request, options));
      if (!('allowed' in outcome)) {
        send(request, response, outcome);
        return;
      }
      if (response.destroyed) return;
      if (request.headers.expect !== undefined) response.writeContinue();
      rewrite(request, outcome, options);
      proxy.web(request, response);
    },
    upgrade: async (request, socket, head) => {
      const outcome = trouble(request) ?? (await decide(request, options));
      if (!('allowed' in outcome)) {
        sendOnSocket(socket, outcome);
        return;
      }
      if (socket.destroyed) return;
      rewrite(request, outcome, options);
      Object.assign(request.headers, { connection: 'Upgrade', upgrade: 'websocket' });
      proxy.upgrade(request, socket, head);
    },
  };
}

/** Requests that two servers might understand differently. */
function trouble({ method, url = '', headers }: IncomingMessage): GatewayAnswer | undefined {
  if (method === 'TRACE') return problem(405);
  // An absolute target, for one, names another host than the header may do.
  if (canonicalTarget(url) === undefined) return problem(400);
  const encoding = headers['transfer-encoding'];
  return encoding === undefined || encoding.toLowerCase() === 'chunked' ? undefined : problem(501);
}

function decide(request: IncomingMessage, { decisions, peers }: ReverseProxyOptions): ReturnType<Decisions['decide']> {
  const { method, url } = request;
  return decisions.decide(request, { method, path: url, sourceAddress: peers.clientAddress(request) });
}

function rewrite(
  request: IncomingMessage,
  allowed: Allowed | PublicAccess,
  { peers, encrypted, forwardAuthorization }: ReverseProxyOptions,
): void {
  request.url = canonicalTarget(request.url ?? '');
  const { address: peer, trusted } = peers.of(request);
  rewriteHeaders(request.headers, allowed, { peer, trusted, encrypted, forwardAuthorization });
}
