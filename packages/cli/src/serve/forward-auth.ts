/** `/authorize`: tells a proxy in front whether the request that it holds may pass. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerDenied } from '@apikey/authorizer';
import { send } from './answers.ts';
import type { Decisions } from './decisions.ts';
import { identityHeaders } from './identity-headers.ts';
import { originalRequest, type OriginalRequest } from './original-request.ts';
import type { Peers } from './peers.ts';

export const AUTHORIZE_PATH = '/authorize';
/** Envoy puts the original path behind the one that it is configured with, and keeps the method. */
export const AUTHORIZE_PREFIX = '/authorize/';

export interface ForwardAuthOptions {
  readonly decisions: Decisions;
  readonly peers: Peers;
  /** Told when a request is denied because nobody trusted said which route it is about. */
  readonly onUnknownRoute: (peer: string | undefined, trusted: boolean) => void;
}

const UNKNOWN: OriginalRequest = { method: undefined, path: undefined };
const CONTRADICTORY = answerDenied({ status: 403, reason: 'insufficient_scope' });

export type ForwardAuth = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function forwardAuth({ decisions, peers, onUnknownRoute }: ForwardAuthOptions): ForwardAuth {
  return async (request, response) => {
    const { address, trusted } = peers.of(request);
    // Of anybody else the headers say nothing. With routes, a request whose route is not known matches none of them.
    const original = trusted ? originalRequest(request.rawHeaders, ownRequest(request)) : UNKNOWN;
    if (original === 'contradictory') {
      send(request, response, CONTRADICTORY);
      return;
    }
    if (original.path === undefined && decisions.hasRoutes) onUnknownRoute(address, trusted);
    const sourceAddress = peers.clientAddress(request);
    const outcome = await decisions.decide(request, { ...original, sourceAddress });
    if (!('allowed' in outcome)) {
      send(request, response, outcome);
      return;
    }
    response.writeHead(200, ['Content-Length', '0', 'Cache-Control', 'no-store', ...identityHeaders(outcome)]);
    response.end();
  };
}

function ownRequest({ method, url = '' }: IncomingMessage): OriginalRequest | undefined {
  return url.startsWith(AUTHORIZE_PREFIX) ? { method, path: url.slice(AUTHORIZE_PATH.length) } : undefined;
}
