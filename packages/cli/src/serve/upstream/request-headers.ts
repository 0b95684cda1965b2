/** What of a request's headers goes on to the upstream: nothing of one hop alone, and nothing that only the gateway may say. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Allowed, PublicAccess } from '@apikey/authorizer';
import { CLIENT_HEADER, identityHeaders, SCOPES_HEADER, TOKEN_HEADER } from '../identity-headers.ts';

export interface Hop {
  /** The other end of the connection. */
  readonly peer: string | undefined;
  /** Whether the peer's own word on who sent the request is passed on. */
  readonly trusted: boolean;
  readonly encrypted: boolean;
  readonly forwardAuthorization: boolean;
}

/** RFC 9110 section 7.6.1, and what older software uses in the same way. */
const OF_ONE_HOP = [
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
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'host']);
const IDENTITY = [CLIENT_HEADER, TOKEN_HEADER, SCOPES_HEADER].map((name) => name.toLowerCase());
/** Some frameworks take method or path from these, which then were not those that the token was held to. */
const OTHER_ROUTE = [
  'x-original-uri',
  'x-original-url',
  'x-original-method',
  'x-rewrite-url',
  'x-forwarded-uri',
  'x-forwarded-method',
  'x-forwarded-prefix',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
];
/** Who sent the request, as far as the sender says so himself. */
const ORIGIN = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
];

const NEVER: ReadonlySet<string> = new Set([...IDENTITY, ...OTHER_ROUTE]);
const NEVER_UNTRUSTED: ReadonlySet<string> = new Set(ORIGIN);

/** Rewrites `headers` (names in lower case, as node:http has them) in place. */
export function rewriteHeaders(headers: IncomingHttpHeaders, allowed: Allowed | PublicAccess, hop: Hop): void {
  const { peer = '', trusted, encrypted, forwardAuthorization } = hop;
  for (const name of [...connectionOptions(headers.connection), ...OF_ONE_HOP]) {
    if (!FRAMING.has(name)) delete headers[name];
  }
  for (const name of Object.keys(headers)) {
    // CGI and its heirs make one variable of `X-Client-Id` and `X_Client_Id`.
    const canonical = name.replaceAll('_', '-');
    if (NEVER.has(canonical) || (!trusted && NEVER_UNTRUSTED.has(canonical))) delete headers[name];
  }
  const isPublic = 'public' in allowed;
  // A token that was not looked at must not reach a server that believes those it sees.
  if (!forwardAuthorization || isPublic) delete headers.authorization;
  const before = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = before === undefined ? peer : `${String(before)}, ${peer}`;
  headers['x-forwarded-proto'] ??= encrypted ? 'https' : 'http';
  if (headers.host !== undefined) headers['x-forwarded-host'] ??= headers.host;
  const identity = isPublic ? [] : identityHeaders(allowed);
  for (let index = 0; index < identity.length; index += 2) {
    headers[identity[index]?.toLowerCase() ?? ''] = identity[index + 1];
  }
}

/** The headers that a message declares to be of this hop. */
function connectionOptions(connection: string | undefined): string[] {
  return (connection ?? '').split(',').map((name) => name.trim().toLowerCase());
}

/** Names and values of an answer, in turn, without those of the hop to the upstream. */
export function endToEnd(rawHeaders: readonly string[], connection: string | undefined): string[] {
  const dropped = new Set([...connectionOptions(connection), ...OF_ONE_HOP, 'transfer-encoding']);
  dropped.delete('content-length');
  return rawHeaders.filter((_, index) => {
    const name = rawHeaders[index - (index % 2)]?.toLowerCase() ?? '';
    // `Proxy-Authenticate` is for whoever asked this gateway to be a proxy, which nobody did.
    return !dropped.has(name);
  });
}
