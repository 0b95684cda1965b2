/** Finds the address that a request came from, through those proxies alone that the operator named. */
import { addressInCidrs, parseCidr } from '@apikey/shared';
import { AuthorizerConfigError } from '../config-error.ts';

/** More hops than any request passes; a longer header is somebody's attempt to keep us busy. */
const MAX_HOPS = 32;

/** Checks the networks of trusted proxies. Throws `AuthorizerConfigError`. */
export function parseTrustedProxies(cidrs: unknown): readonly string[] {
  const given: readonly unknown[] | undefined = Array.isArray(cidrs) ? cidrs : undefined;
  if (given === undefined) throw new AuthorizerConfigError('trustProxy', 'must be a list of networks like 10.0.0.0/8');
  return given.map((cidr, index) => {
    try {
      if (typeof cidr === 'string') return parseCidr(cidr);
    } catch (cause) {
      throw new AuthorizerConfigError(`trustProxy[${index}]`, 'is not a network like 10.0.0.0/8', cause);
    }
    throw new AuthorizerConfigError(`trustProxy[${index}]`, 'must be a string');
  });
}

/**
 * The right-most address that no trusted proxy owns: each proxy appends the peer that it saw, so everything to the left of
 * the first stranger is that stranger's own invention. `undefined` where an entry on the way cannot be read.
 *
 * @param peer the other end of the connection
 * @param forwardedFor all values of `X-Forwarded-For`, in their order
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: readonly string[],
  trusted: readonly string[],
): string | undefined {
  if (peer === undefined || !addressInCidrs(peer, trusted)) return peer;
  const hops = forwardedFor
    .join(',')
    .split(',')
    .map((hop) => hop.trim());
  if (hops.length > MAX_HOPS) return undefined;
  let address = peer;
  for (const hop of hops.toReversed()) {
    if (hop === '' && hops.length === 1) return address;
    if (!isAddress(hop)) return undefined;
    address = hop;
    if (!addressInCidrs(hop, trusted)) return address;
  }
  return address;
}

function isAddress(text: string): boolean {
  return addressInCidrs(text, ['0.0.0.0/0', '::/0']);
}
