/** Guards handlers of Web `Request`s: Hono, Deno, workers, or any server that speaks Fetch. */
import type { Authorizer } from '../authorizer.ts';
import { refuseUnknown } from '../config-error.ts';
import type { Allowed, PublicAccess } from '../decision.ts';
import type { Route } from '../routes.ts';
import { faceRoutes, guard } from './guard.ts';

export interface FetchMiddlewareOptions {
  /** Which scopes a request needs; these apply beside the authorizer's own. */
  readonly routes?: readonly Route[] | undefined;
  /** Holds for these routes. Default: that of the authorizer. */
  readonly exactPaths?: boolean | undefined;
}

export interface FetchRequestInfo {
  /** Where the request came from, as the server knows it: a `Request` does not say. Needed for clients limited to networks. */
  readonly sourceAddress?: string | undefined;
}

/**
 * Calls `next` for an allowed request and resolves to what it gives; otherwise to the answer 401, 403 or 503. On a public
 * route `next` gets no client.
 */
export type FetchMiddleware = <T>(
  request: Request,
  next: (decision: Allowed | PublicAccess) => T | Promise<T>,
  info?: FetchRequestInfo,
) => Promise<Response | T>;

/**
 * Middleware for Web `Request`s. With Hono:
 * `app.use((c, next) => protect(c.req.raw, async (decision) => { c.set('apikey', decision); await next(); }))`.
 *
 * @throws AuthorizerConfigError for routes that cannot be matched
 */
export function fetchMiddleware(authorizer: Authorizer, options: FetchMiddlewareOptions = {}): FetchMiddleware {
  refuseUnknown(options, ['routes', 'exactPaths']);
  const routes = faceRoutes(authorizer, options);
  return async (request, next, info = {}) => {
    const outcome = await guard(authorizer, {
      headers: request.headers,
      method: request.method,
      path: pathOf(request.url),
      routes,
      sourceAddress: info.sourceAddress,
    });
    if ('allowed' in outcome) return next(outcome);
    return new Response(outcome.body, { status: outcome.status, headers: { ...outcome.headers } });
  };
}

/** The path as it stands in the URL. Not by `new URL`, which would resolve the dot segments that are to be denied. */
function pathOf(url: string): string {
  const target = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#\\]*/i, '');
  return target === '' || target.startsWith('?') ? `/${target}` : target;
}
