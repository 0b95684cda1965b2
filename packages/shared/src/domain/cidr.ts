/** Address ranges that a client's requests may come from. Parsing is strict: no octal, no short forms, no host bits. */
import { Address4, Address6 } from 'ip-address';
import { InvalidValueError } from './errors.ts';

/** One range in its canonical text, `10.0.0.0/8` or `2001:db8::/32`; a single address becomes `/32` or `/128`. */
export function parseCidr(text: string): string {
  const range = parseAddress(text);
  if (range === undefined) {
    throw invalidCidr('expected a complete IPv4 or IPv6 network such as 10.0.0.0/8 or 2001:db8::/32');
  }
  const network = `${range.startAddress().correctForm()}/${range.subnetMask}`;
  if (range.correctForm() !== range.startAddress().correctForm()) {
    throw invalidCidr(`bits are set behind the prefix; the network is ${network}`);
  }
  return network;
}

/**
 * Whether an address lies in any of the ranges. An IPv4-mapped IPv6 address counts as its IPv4 address. An address
 * or range that cannot be parsed matches nothing.
 */
export function addressInCidrs(address: string, cidrs: readonly string[]): boolean {
  return !address.includes('/') && isCidrWithin(address, cidrs);
}

/** Whether one of the ranges holds all of this one, or this address. What cannot be parsed is in no range. */
export function isCidrWithin(text: string, cidrs: readonly string[]): boolean {
  const candidate = parseAddress(text);
  if (candidate === undefined) return false;
  return cidrs.some((cidr) => {
    const range = parseAddress(cidr);
    if (range instanceof Address4) return candidate instanceof Address4 && candidate.isInSubnet(range);
    return range instanceof Address6 && candidate instanceof Address6 && candidate.isInSubnet(range);
  });
}

const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})(?:\/(\d{1,3}))?$/i;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?$/;
const IPV6 = /^[0-9A-Fa-f:.]{2,45}(?:\/\d{1,3})?$/;
/** `010` is 8 to some readers and 10 to others. */
const LEADING_ZERO = /(?:^|[./])0\d/;

function parseAddress(text: string): Address4 | Address6 | undefined {
  const plain = unmap(text);
  try {
    if (IPV4.test(plain) && !LEADING_ZERO.test(plain)) return new Address4(plain);
    if (IPV6.test(plain) && plain.includes(':')) return new Address6(plain);
  } catch {
    // The library throws for what it cannot parse.
  }
  return undefined;
}

function unmap(text: string): string {
  const match = MAPPED.exec(text);
  if (match === null) return text;
  const [, address = '', bits] = match;
  if (bits === undefined) return address;
  return Number(bits) >= 96 ? `${address}/${Number(bits) - 96}` : text;
}

function invalidCidr(why: string): InvalidValueError {
  return new InvalidValueError('INVALID_CIDR', 'this is not an address range', {
    why,
    fix: 'write the network address and its prefix length, like 203.0.113.0/24',
  });
}
