/** `/authorize`: tells a proxy in front whether the request that it holds may pass. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerDenied } from '@apikey/authorizer';
import { hasBody, send } from './answers.ts';
import type { Decisions } from './decisions.ts';
import { disguisedName } from './header-names.ts';
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
const REFUSED = answerDenied({ status: 403, reason: 'insufficient_scope' });

export type ForwardAuth = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function forwardAuth({ decisions, peers, onUnknownRoute }: ForwardAuthOptions): ForwardAuth {
  return async (request, response) => {
    const own = ownRequest(request);
    // Nothing reads a body here, and a connection whose next bytes are one is of no use to anyone.
    if ((request.method === 'POST' && own === undefined) || hasBody(request)) response.setHeader('connection', 'close');
    const { address, trusted } = peers.of(request);
    // Of anybody else the headers say nothing. With routes, a request whose route is not known matches none of them.
    const original = trusted ? originalRequest(request.rawHeaders, own) : UNKNOWN;
    const sourceAddress = peers.clientAddress(request);
    // The proxy in front may be unable to drop such a name from what it passes on to the backend.
    const disguised = disguisedName(request.rawHeaders) !== undefined;
    if (original === 'contradictory' || disguised) {
      const subject = original === 'contradictory' ? UNKNOWN : original;
      decisions.refuse(disguised ? 'disguised_header' : 'contradictory_request', { ...subject, sourceAddress });
      send(request, response, REFUSED);
      return;
    }
    if (original.path === undefined && decisions.hasRoutes) onUnknownRoute(address, trusted);
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
