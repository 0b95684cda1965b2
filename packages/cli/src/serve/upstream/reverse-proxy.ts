/** `--upstream`: lets live requests through, upgrades included, with the headers that say whose they are. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { problem, send, sendOnSocket, type GatewayAnswer } from '../answers.ts';
import type { Decisions, RefusalReason, Subject } from '../decisions.ts';
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
  readonly passHeaders: ReadonlySet<string>;
}

export interface ReverseProxy {
  readonly request: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;
}

export function reverseProxy(options: ReverseProxyOptions): ReverseProxy {
  const { proxy } = options;
  return {
    request: async (request, response) => {
      const outcome = refuse(request, options) ?? (await decide(request, options));
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
      const outcome = refuse(request, options) ?? (await decide(request, options));
      if (!('allowed' in outcome)) {
        sendOnSocket(socket, outcome);
        return;
      }
      if (socket.destroyed) return;
      rewrite(request, outcome, options);
      // Whatever the client sends from now on belongs to the other protocol, and is no body (RFC 9110 section 7.8).
      delete request.headers['content-length'];
      delete request.headers['transfer-encoding'];
      Object.assign(request.headers, { connection: 'Upgrade', upgrade: 'websocket' });
      proxy.upgrade(request, socket, head);
    },
  };
}

interface Trouble {
  readonly reason: RefusalReason;
  readonly answer: GatewayAnswer;
}

/** Requests that two servers might understand differently. */
function trouble({ method, url = '', headers }: IncomingMessage): Trouble | undefined {
  if (method === 'TRACE') return { reason: 'unsupported_method', answer: problem(405) };
  // An absolute target, for one, names another host than the header may do.
  if (canonicalTarget(url) === undefined) return { reason: 'unsupported_target', answer: problem(400) };
  const encoding = headers['transfer-encoding'];
  if (encoding === undefined || encoding.toLowerCase() === 'chunked') return undefined;
  return { reason: 'unsupported_encoding', answer: problem(501) };
}

function subjectOf(request: IncomingMessage, { peers }: ReverseProxyOptions): Subject {
  const { method, url: path } = request;
  return { method, path, sourceAddress: peers.clientAddress(request) };
}

/** The answer to a request that is refused whoever sent it. */
function refuse(request: IncomingMessage, options: ReverseProxyOptions): GatewayAnswer | undefined {
  const refused = trouble(request);
  if (refused !== undefined) options.decisions.refuse(refused.reason, subjectOf(request, options));
  return refused?.answer;
}

function decide(request: IncomingMessage, options: ReverseProxyOptions): ReturnType<Decisions['decide']> {
  return options.decisions.decide(request, subjectOf(request, options));
}

function rewrite(
  request: IncomingMessage,
  allowed: Allowed | PublicAccess,
  { peers, ...hop }: ReverseProxyOptions,
): void {
  request.url = canonicalTarget(request.url ?? '');
  const { address: peer, trusted } = peers.of(request);
  rewriteHeaders(request.headers, allowed, { ...hop, peer, trusted });
}
