/** What of a request's headers goes on to the upstream: nothing of one hop alone, and nothing that only the gateway may say. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Allowed, PublicAccess } from '@apikey/authorizer';
import { foldName, FRAMING, headerKind, OF_ONE_HOP } from '../header-names.ts';
import { identityHeaders } from '../identity-headers.ts';

export interface Hop {
  /** The other end of the connection. */
  readonly peer: string | undefined;
  /** Whether the peer's own word on who sent the request is passed on. */
  readonly trusted: boolean;
  readonly encrypted: boolean;
  readonly forwardAuthorization: boolean;
  /** Names of identity headers, in lower case, that are passed on from every peer. */
  readonly passHeaders: ReadonlySet<string>;
}

/** Rewrites `headers` (names in lower case, as node:http has them) in place. */
export function rewriteHeaders(headers: IncomingHttpHeaders, allowed: Allowed | PublicAccess, hop: Hop): void {
  const { peer, encrypted, forwardAuthorization } = hop;
  for (const name of [...connectionOptions(headers.connection), ...OF_ONE_HOP]) {
    if (!FRAMING.has(name)) delete headers[name];
  }
  for (const name of Object.keys(headers)) {
    if (!passes(name, hop)) delete headers[name];
  }
  const isPublic = 'public' in allowed;
  // A token that was not looked at must not reach a server that believes those it sees.
  if (!forwardAuthorization || isPublic) delete headers.authorization;
  // A peer on a Unix socket has no address.
  const path = [headers['x-forwarded-for'], peer].filter((address) => address !== undefined);
  headers['x-forwarded-for'] = path.length === 0 ? 'unknown' : path.join(', ');
  headers['x-forwarded-proto'] ??= encrypted ? 'https' : 'http';
  if (headers.host !== undefined) headers['x-forwarded-host'] ??= headers.host;
  const identity = isPublic ? [] : identityHeaders(allowed);
  for (let index = 0; index < identity.length; index += 2) {
    headers[identity[index]?.toLowerCase() ?? ''] = identity[index + 1];
  }
}

function passes(name: string, { trusted, passHeaders }: Hop): boolean {
  const folded = foldName(name);
  const kind = headerKind(folded);
  if (kind === undefined || passHeaders.has(name)) return true;
  // A proxy removes or sets the usual spelling; another one comes from the client, through every proxy.
  if (name !== folded) return false;
  if (kind === 'framing') return true;
  return trusted && (kind === 'origin' || kind === 'identity');
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
