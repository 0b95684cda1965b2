/** Guards handlers of node:http and node:http2, and everything built on them, such as Express. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Authorizer } from '../authorizer.ts';
import { refuseUnknown } from '../config-error.ts';
import { headerValues } from '../credential.ts';
import type { Allowed, PublicAccess } from '../decision.ts';
import type { Route } from '../routes.ts';
import type { Answer } from './answers.ts';
import { faceRoutes, guard } from './guard.ts';
import { hasPlainHost } from './host.ts';
import { clientAddress, parseTrustedProxies, peerAddress } from './source-address.ts';

export interface NodeMiddlewareOptions {
  /** Which scopes a request needs; these apply beside the authorizer's own. */
  readonly routes?: readonly Route[] | undefined;
  /** Holds for these routes. Default: that of the authorizer. */
  readonly exactPaths?: boolean | undefined;
  /**
   * Networks of the proxies whose `X-Forwarded-For` is believed, and `unix` for the peers of a Unix socket. Default none: the
   * peer of the connection counts.
   */
  readonly trustProxy?: readonly string[] | undefined;
}

/** A request of node:http, or of node:http2 with its compatibility API. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
type NodeResponse = ServerResponse | Http2ServerResponse;

/** A request that was allowed carries its decision; on a public route there is none. */
export type AuthorizedRequest<R extends NodeRequest = IncomingMessage> = R & { readonly apikey: Allowed | undefined };

/** Calls `next` for an allowed request; otherwise answers 401, 403 or 503 and does not. */
export type NodeMiddleware = (request: NodeRequest, response: NodeResponse, next: () => void) => void;

const decisions = new WeakMap<NodeRequest, Allowed>();

/**
 * The decision that let this request pass, if `nodeMiddleware` did; the same as its property `apikey`. None for a request
 * on a public route, which has no client.
 */
export function getDecision(request: NodeRequest): Allowed | undefined {
  return decisions.get(request);
}

/**
 * Middleware `(request, response, next)`.
 *
 * @throws AuthorizerConfigError for routes that cannot be matched, or proxies that are no networks
 */
export function nodeMiddleware(authorizer: Authorizer, options: NodeMiddlewareOptions = {}): NodeMiddleware {
  refuseUnknown(options, ['routes', 'exactPaths', 'trustProxy']);
  const routes = faceRoutes(authorizer, options);
  const trusted = parseTrustedProxies(options.trustProxy ?? []);
  const decide = async (request: NodeRequest): Promise<Allowed | PublicAccess | Answer> =>
    guard(authorizer, {
      headers: { rawHeaders: request.rawHeaders },
      method: request.method,
      path: pathOf(request),
      routes,
      sourceAddress: clientAddress(
        peerAddress(request.socket),
        headerValues(request.rawHeaders, 'x-forwarded-for'),
        trusted,
      ),
    });
  const run = async (request: NodeRequest, response: NodeResponse, next: () => void): Promise<void> => {
    const outcome = await decide(request);
    if (!('allowed' in outcome)) {
      send(response, outcome);
      return;
    }
    const decision = 'public' in outcome ? undefined : outcome;
    if (decision === undefined) decisions.delete(request);
    else decisions.set(request, decision);
    Object.assign(request, { apikey: decision });
    next();
  };
  return (request, response, next) => {
    // What the handler throws is the handler's: it surfaces as an unhandled rejection, as a throwing listener would.
    void run(request, response, next);
  };
}

/**
 * Express takes the mount point off `url` and keeps the whole in `originalUrl`; the routes are about the whole. None where
 * the host could make another path of it.
 */
function pathOf(request: NodeRequest): string | undefined {
  if (!hasPlainHost(request.rawHeaders)) return undefined;
  const original: unknown = Reflect.get(request, 'originalUrl');
  return typeof original === 'string' ? original : request.url;
}

function send(response: NodeResponse, { status, headers, body }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const fields = { ...headers, 'content-length': Buffer.byteLength(body) };
  // The two classes have no common signature.
  if ('stream' in response) response.writeHead(status, fields);
  else response.writeHead(status, fields);
  response.end(body);
}
