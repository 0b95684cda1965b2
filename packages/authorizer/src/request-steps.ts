/** The steps that belong to one request: where it comes from, and how long its answer may be reused. */
import { addressInCidrs, type Client, type DenialReason, type EpochSeconds } from '@apikey/shared';

/** Step 8: a client that is limited to networks is denied elsewhere, and where the address is not known. */
export function addressRule(
  client: Pick<Client, 'cidrs'>,
  sourceAddress: string | undefined,
): 'address_not_allowed' | undefined {
  if (client.cidrs === undefined) return undefined;
  const inside = sourceAddress !== undefined && addressInCidrs(sourceAddress, client.cidrs);
  return inside ? undefined : 'address_not_allowed';
}

/** A gateway that keeps the answer for `ttl` seconds must not keep it beyond the token's end. */
export function reuseRule(
  life: { readonly exp: EpochSeconds; readonly liveUntil: EpochSeconds },
  now: number,
  ttl: number,
): DenialReason | undefined {
  if (ttl === 0) return undefined;
  if (!(now + ttl <= life.exp)) return 'expired';
  return now + ttl <= life.liveUntil ? undefined : 'retired';
}
