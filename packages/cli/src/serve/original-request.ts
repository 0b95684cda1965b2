/** Reads which request a proxy asks about: nginx, Traefik, Caddy and Envoy each have their way of saying it. */

export interface OriginalRequest {
  /** As received; undefined where nobody said it whose word counts. */
  readonly method: string | undefined;
  readonly path: string | undefined;
}

type Headers = Readonly<NodeJS.Dict<string[]>>;

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
 * @param own method and path that the request to the gateway itself has, where they are the original ones (Envoy)
 */
export function originalRequest(headers: Headers, own?: OriginalRequest): OriginalRequest | 'contradictory' {
  const said: OriginalRequest[] = own === undefined ? [] : [own];
  for (const names of PAIRS) {
    const [methods = [], paths = []] = [headers[names.method], headers[names.path]];
    if (methods.length > 1 || paths.length > 1) return 'contradictory';
    said.push({ method: methods[0], path: paths[0] });
  }
  if (differ(said.map(({ method }) => method)) || differ(said.map(({ path }) => path))) return 'contradictory';
  return said.find(({ method, path }) => method !== undefined && path !== undefined) ?? UNKNOWN;
}

function differ(values: readonly (string | undefined)[]): boolean {
  return new Set(values.filter((value) => value !== undefined)).size > 1;
}
