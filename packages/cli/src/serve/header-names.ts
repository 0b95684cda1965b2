/** Names of request headers that a backend may believe, and the one way in which names are compared. */
import { CLIENT_HEADER, SCOPES_HEADER, TOKEN_HEADER } from './identity-headers.ts';

/**
 * What a header says: `ours` whose request it is; `route` another method or path; `origin` where the request came from and
 * for which host; `identity` who sent it, by the word of some other proxy; `framing` where the body ends, or what
 * concerns one hop alone.
 */
export type HeaderKind = 'ours' | 'route' | 'origin' | 'identity' | 'framing';

/**
 * The name as the most careless backend reads it: CGI and its descendants make one variable of `X-Client-Id`,
 * `X_Client_Id` and `X.Client.Id`.
 */
export function foldName(name: string): string {
  const lower = name.toLowerCase();
  return /^[a-z0-9-]*$/.test(lower) ? lower : lower.replaceAll(/[^a-z0-9]/g, '-');
}

/** Some frameworks take method or path from these, which then would not be those that were judged. */
const ROUTE = [
  'path-info',
  'request-method',
  'request-uri',
  'script-name',
  'x-envoy-original-method',
  'x-envoy-original-path',
  'x-forwarded-method',
  'x-forwarded-path',
  'x-forwarded-prefix',
  'x-forwarded-uri',
  'x-forwarded-url',
  'x-http-method',
  'x-http-method-override',
  'x-invoke-output',
  'x-invoke-path',
  'x-invoke-query',
  'x-matched-path',
  'x-method-override',
  'x-now-route-matches',
  'x-original-method',
  'x-original-path',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-uri',
  'x-rewrite-url',
  'x-script-name',
  'x-waws-unencoded-url',
];

/** Where the request came from, and for which host. */
const ORIGIN = [
  'client-ip',
  'do-connecting-ip',
  'fastly-client-ip',
  'fastly-ssl',
  'fly-client-ip',
  'forwarded',
  'forwarded-for',
  'front-end-https',
  'host-override',
  'proxy-client-ip',
  'true-client-ip',
  'wl-proxy-client-ip',
  'x-arr-ssl',
  'x-azure-clientip',
  'x-azure-socketip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-forwarded',
  'x-forwarded-by',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-protocol',
  'x-forwarded-scheme',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'x-host',
  'x-http-host-override',
  'x-nf-client-connection-ip',
  'x-original-forwarded-for',
  'x-original-host',
  'x-original-remote-addr',
  'x-originating-ip',
  'x-proxyuser-ip',
  'x-real-ip',
  'x-real-port',
  'x-remote-addr',
  'x-remote-ip',
  'x-scheme',
  'x-url-scheme',
];
const ORIGIN_PREFIXES = ['cf-connecting-', 'x-vercel-'];

/** Who sent the request, as proxies and login services say it to the backends behind them. */
const IDENTITY = [
  'client-cert',
  'client-cert-chain',
  'eppn',
  'gap-auth',
  'persistent-id',
  'proxy',
  'proxy-user',
  'sm-user',
  'x-anonymous-consumer',
  'x-arr-clientcert',
  'x-authenticated',
  'x-client-cert',
  'x-client-certificate',
  'x-client-dn',
  'x-client-verify',
  'x-credential-identifier',
  'x-endpoint-api-userinfo',
  'x-jwt-assertion',
  'x-jwt-payload',
  'x-proxy-user',
  'x-sendfile-type',
  'x-accel-mapping',
  'x-user',
  'x-user-email',
  'x-user-groups',
  'x-user-id',
  'x-user-name',
  'x-user-roles',
  'x-userinfo',
  'x-username',
];
const IDENTITY_PREFIXES = [
  'cf-',
  'impersonate-',
  'iv-',
  'ngrok-auth-',
  'oam-',
  'oidc-',
  'remote-',
  'shib-',
  'sm-universalid',
  'ssl-client-',
  'tailscale-',
  'x-amzn-mtls-',
  'x-amzn-oidc-',
  'x-apigateway-',
  'x-appengine-',
  'x-auth-email',
  'x-auth-groups',
  'x-auth-request-',
  'x-auth-roles',
  'x-auth-user',
  'x-authenticated-',
  'x-authentik-',
  'x-client-cert-',
  'x-client-ssl-',
  'x-consumer-',
  'x-envoy-',
  'x-forwarded-',
  'x-goog-authenticated-user-',
  'x-goog-iap-',
  'x-ldap-',
  'x-middleware-',
  'x-ms-client-principal',
  'x-ms-token-',
  'x-oidc-',
  'x-pomerium-',
  'x-remote-',
  'x-replit-user-',
  'x-shib-',
  'x-ssl-',
  'x-sso-',
  'x-tls-client-',
  'x-vouch-',
  'x-webauth-',
];

/** RFC 9110 section 7.6.1, and what older software uses in the same way. */
export const OF_ONE_HOP: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
  'http2-settings',
  // Answered by the gateway itself.
  'expect',
];
/** They say where the body ends and whom it is for: no `Connection` header may take them away. */
export const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'host']);

const KINDS: ReadonlyMap<string, HeaderKind> = new Map<string, HeaderKind>([
  ...entries('framing', [...OF_ONE_HOP, ...FRAMING]),
  ...entries('identity', IDENTITY),
  ...entries('origin', ORIGIN),
  ...entries('route', ROUTE),
  ...entries(
    'ours',
    [CLIENT_HEADER, TOKEN_HEADER, SCOPES_HEADER].map((name) => name.toLowerCase()),
  ),
]);
const ORIGIN_START = new RegExp(`^(?:${ORIGIN_PREFIXES.join('|')})`);
const IDENTITY_START = new RegExp(`^(?:${IDENTITY_PREFIXES.join('|')})`);

/** @param folded from `foldName` */
export function headerKind(folded: string): HeaderKind | undefined {
  const kind = KINDS.get(folded);
  if (kind !== undefined) return kind;
  if (ORIGIN_START.test(folded)) return 'origin';
  return IDENTITY_START.test(folded) ? 'identity' : undefined;
}

/** The first name that a backend may take for one of the above although it is spelled otherwise. */
export function disguisedName(rawHeaders: readonly string[]): string | undefined {
  return rawHeaders.find((name, index) => {
    if (index % 2 === 1) return false;
    const folded = foldName(name);
    return folded !== name.toLowerCase() && headerKind(folded) !== undefined;
  });
}

function entries(kind: HeaderKind, names: Iterable<string>): (readonly [string, HeaderKind])[] {
  return Array.from(names, (name) => [name, kind] as const);
}
