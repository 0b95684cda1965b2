/** Reads which request a proxy asks about: nginx, Traefik, Caddy and Envoy each have their way of saying it. */
import { headerValues } from '@apikey/authorizer';

export interface OriginalRequest {
  /** As received; undefined where nobody said it whose word counts. */
  readonly method: string | undefined;
  readonly path: string | undefined;
}

/** The pairs of headers, the first complete one of which counts. */
const PAIRS = [
  // nginx has no custom of its own; this is the pair of its documentation, and of examples/proxies/nginx.conf.
  { method: 'x-original-method', path: 'x-original-uri' },
  // Traefik ForwardAuth, Caddy forward_auth
  { method: 'x-forwarded-method', path: 'x-forwarded-uri' },
] as const;

const UNKNOWN: OriginalRequest = { method: undefined, path: undefined };

/**
 * What a trusted proxy says of the original request. `contradictory` where two of its statements differ: then some of
 * them are the client's, passed on, and nobody can tell which.
 *
 * @param rawHeaders names and values in turn, as node:http has them
 * @param own method and path that the request to the gateway itself has, where they are the original ones (Envoy)
 */
export function originalRequest(
  rawHeaders: readonly string[],
  own?: OriginalRequest,
): OriginalRequest | 'contradictory' {
  const said: OriginalRequest[] = own === undefined ? [] : [own];
  for (const names of PAIRS) {
    const [methods, paths] = [headerValues(rawHeaders, names.method), headerValues(rawHeaders, names.path)];
    if (methods.length > 1 || paths.length > 1) return 'contradictory';
    const pair: OriginalRequest = { method: methods[0], path: paths[0] };
    if (said.some((other) => differ(other.method, pair.method) || differ(other.path, pair.path)))
      return 'contradictory';
    said.push(pair);
  }
  return said.find(({ method, path }) => method !== undefined && path !== undefined) ?? UNKNOWN;
}

function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
