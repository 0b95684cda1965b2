/** Guards handlers of node:http and everything built on it, such as Express. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authorizer } from '../authorizer.ts';
import { refuseUnknown } from '../config-error.ts';
import { headerValues } from '../credential.ts';
import type { Allowed } from '../decision.ts';
import { compileRoutes, type Route } from '../routes.ts';
import type { Answer } from './answers.ts';
import { guard } from './guard.ts';
import { clientAddress, parseTrustedProxies } from './source-address.ts';

export interface NodeMiddlewareOptions {
  /** Which scopes a request needs; these apply beside the authorizer's own. */
  readonly routes?: readonly Route[] | undefined;
  /** Networks of the proxies whose `X-Forwarded-For` may be believed. Default none: the peer of the connection counts. */
  readonly trustProxy?: readonly string[] | undefined;
}

/** A request that was allowed carries its decision. */
export type AuthorizedRequest<R extends IncomingMessage = IncomingMessage> = R & { readonly apikey: Allowed };

/** Calls `next` for an allowed request; otherwise answers 401, 403 or 503 and does not. */
export type NodeMiddleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const decisions = new WeakMap<IncomingMessage, Allowed>();

/** The decision that let this request pass, if `nodeMiddleware` did; the same as its property `apikey`. */
export function getDecision(request: IncomingMessage): Allowed | undefined {
  return decisions.get(request);
}

/**
 * Middleware `(request, response, next)`.
 *
 * @throws AuthorizerConfigError for routes that cannot be matched, or proxies that are no networks
 */
export function nodeMiddleware(authorizer: Authorizer, options: NodeMiddlewareOptions = {}): NodeMiddleware {
  refuseUnknown(options, ['routes', 'trustProxy']);
  const routes = options.routes === undefined ? undefined : compileRoutes(options.routes);
  const trusted = parseTrustedProxies(options.trustProxy ?? []);
  const decide = async (request: IncomingMessage): Promise<Allowed | Answer> =>
    guard(authorizer, {
      headers: { rawHeaders: request.rawHeaders },
      method: request.method,
      path: pathOf(request),
      routes,
      sourceAddress: clientAddress(
        request.socket.remoteAddress,
        headerValues(request.rawHeaders, 'x-forwarded-for'),
        trusted,
      ),
    });
  const run = async (request: IncomingMessage, response: ServerResponse, next: () => void): Promise<void> => {
    const outcome = await decide(request);
    if (!('allowed' in outcome)) {
      send(response, outcome);
      return;
    }
    decisions.set(request, outcome);
    Object.assign(request, { apikey: outcome });
    next();
  };
  return (request, response, next) => {
    // What the handler throws is the handler's: it surfaces as an unhandled rejection, as a throwing listener would.
    void run(request, response, next);
  };
}

/** Express takes the mount point off `url` and keeps the whole in `originalUrl`; the routes are about the whole. */
function pathOf(request: IncomingMessage): string | undefined {
  const original: unknown = Reflect.get(request, 'originalUrl');
  return typeof original === 'string' ? original : request.url;
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
