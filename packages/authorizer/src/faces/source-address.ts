/** Finds the address that a request came from, through those proxies alone that the operator named. */
import { addressInCidrs, parseCidr } from '@apikey/shared';
import { AuthorizerConfigError } from '../config-error.ts';

/** More hops than any request passes; a longer header is somebody's attempt to keep us busy. */
const MAX_HOPS = 32;

/** Stands for every peer on a Unix socket, where connections have no address. */
export const UNIX_PEER = 'unix';

/** Checks the trusted proxies: networks, or `unix`. Throws `AuthorizerConfigError`. */
export function parseTrustedProxies(cidrs: unknown): readonly string[] {
  const given: readonly unknown[] | undefined = Array.isArray(cidrs) ? cidrs : undefined;
  if (given === undefined)
    throw new AuthorizerConfigError('trustProxy', 'must be a list of networks like 10.0.0.0/8, or unix');
  return given.map((cidr, index) => {
    try {
      if (cidr === UNIX_PEER) return UNIX_PEER;
      if (typeof cidr === 'string') return parseCidr(cidr);
    } catch (cause) {
      throw new AuthorizerConfigError(`trustProxy[${index}]`, 'is not a network like 10.0.0.0/8, nor unix', cause);
    }
    throw new AuthorizerConfigError(`trustProxy[${index}]`, 'must be a string');
  });
}

/**
 * The other end of a connection: its address, `unix` on a Unix socket, `undefined` once the connection is gone.
 */
export function peerAddress({ remoteAddress, localAddress, destroyed }: PeerSocket): string | undefined {
  // A TCP connection that is gone has no remote address either, but is destroyed or still knows its own end.
  return remoteAddress ?? (localAddress === undefined && !destroyed ? UNIX_PEER : undefined);
}

/** Of a `net.Socket`, what is read. */
export interface PeerSocket {
  readonly remoteAddress?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly destroyed: boolean;
}

/**
 * The right-most address that no trusted proxy owns: each proxy appends the peer that it saw, so everything to the left of
 * the first stranger is that stranger's own invention. `undefined` where no proxy names a stranger, or where an entry on the
 * way cannot be read: the address of a trusted proxy is never that of a client.
 *
 * @param peer the other end of the connection, from `peerAddress`
 * @param forwardedFor all values of `X-Forwarded-For`, in their order
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: readonly string[],
  trusted: readonly string[],
): string | undefined {
  if (peer === undefined) return undefined;
  if (!isTrustedProxy(peer, trusted)) return peer === UNIX_PEER ? undefined : peer;
  const hops = forwardedFor.join(',').split(',');
  if (hops.length > MAX_HOPS) return undefined;
  for (const hop of hops.toReversed()) {
    const address = hopAddress(hop.trim());
    if (address === undefined || !addressInCidrs(address, trusted)) return address;
  }
  return undefined;
}

/** @param peer from `peerAddress` */
export function isTrustedProxy(peer: string, trusted: readonly string[]): boolean {
  return peer === UNIX_PEER ? trusted.includes(UNIX_PEER) : addressInCidrs(peer, trusted);
}

const IPV4_WITH_PORT = /^(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})$/;
const IPV6_IN_BRACKETS = /^\[([0-9a-f:.]{2,45})\](?::(\d{1,5}))?$/i;
const MAX_PORT = 65_535;

/** An entry of `X-Forwarded-For`. Azure, IIS and some load balancers write the port of the connection as well. */
function hopAddress(hop: string): string | undefined {
  const [, ipv6, ipv6Port] = IPV6_IN_BRACKETS.exec(hop) ?? [];
  const [, ipv4, ipv4Port] = IPV4_WITH_PORT.exec(hop) ?? [];
  if (Number(ipv6Port ?? ipv4Port ?? 0) > MAX_PORT) return undefined;
  if (ipv6 !== undefined) return addressInCidrs(ipv6, ['::/0', '0.0.0.0/0']) && ipv6.includes(':') ? ipv6 : undefined;
  const address = ipv4 ?? hop;
  return addressInCidrs(address, ['0.0.0.0/0', '::/0']) ? address : undefined;
}
