/** Who is at the other end of a connection, and whom a request came from through the proxies that are trusted. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { clientAddress, headerValues, isTrustedProxy, peerAddress, UNIX_PEER } from '@apikey/authorizer';
import { addressInCidrs } from '@apikey/shared';
import { foldName, headerKind } from './header-names.ts';

export interface Peer {
  /** Undefined on a Unix socket, and once the connection is gone. */
  readonly address: string | undefined;
  /** Whether its word counts on where a request came from and what it was. */
  readonly trusted: boolean;
  readonly loopback: boolean;
}

/** How `--host` names a Unix socket. */
export const UNIX_HOST = 'unix:';
/** Each hop adds itself to these (RFC 9110 section 7.6.3, RFC 8586). */
const VIA: ReadonlySet<string> = new Set(['via', 'cdn-loop']);
const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1/128'];
/** Addresses are remembered by the header's text, which most clients repeat; so many, then all are forgotten. */
const MAX_REMEMBERED = 1_000;

export class Peers {
  readonly #trusted: readonly string[];
  readonly #known = new WeakMap<Socket, Peer>();
  readonly #addresses = new Map<string, string | undefined>();

  /** @param trusted networks of the proxies whose headers are believed; `unix` for the peers of a Unix socket */
  constructor(trusted: readonly string[]) {
    this.#trusted = trusted;
  }

  of({ socket }: IncomingMessage): Peer {
    return this.ofSocket(socket);
  }

  ofSocket(socket: Socket): Peer {
    const known = this.#known.get(socket);
    if (known !== undefined) return known;
    const end = plain(peerAddress(socket));
    const peer: Peer = {
      address: end === UNIX_PEER ? undefined : end,
      trusted: end !== undefined && isTrustedProxy(end, this.#trusted),
      loopback: end !== undefined && addressInCidrs(end, LOOPBACK),
    };
    this.#known.set(socket, peer);
    return peer;
  }

  /** Where the request came from; undefined where a trusted proxy does not say so, or in a way that cannot be read. */
  clientAddress(request: IncomingMessage): string | undefined {
    const peer = this.of(request);
    if (!peer.trusted) return peer.address;
    const forwarded = headerValues(request.rawHeaders, 'x-forwarded-for');
    const key = `${peer.address} ${forwarded.join()}`;
    if (!this.#addresses.has(key)) {
      if (this.#addresses.size >= MAX_REMEMBERED) this.#addresses.clear();
      this.#addresses.set(key, plain(clientAddress(peer.address ?? UNIX_PEER, forwarded, this.#trusted)));
    }
    return this.#addresses.get(key);
  }

  /**
   * Whether the request was made on this machine, and not merely handed on by a proxy that runs here, nor by a browser that a
   * name of someone else's led here (DNS rebinding).
   */
  isLocal(request: IncomingMessage): boolean {
    const { rawHeaders } = request;
    const [host, ...more] = headerValues(rawHeaders, 'host');
    if (!this.of(request).loopback || host === undefined || more.length > 0 || !namesLoopback(host)) return false;
    return !rawHeaders.some((name, index) => index % 2 === 0 && isOfProxy(foldName(name)));
  }
}

/** Whether proxies add it: a request that has it came from further away than its connection did. */
function isOfProxy(folded: string): boolean {
  const kind = headerKind(folded);
  return VIA.has(folded) || (kind !== undefined && kind !== 'framing');
}

/** @param host of a `Host` header */
function namesLoopback(host: string): boolean {
  const [, name = '', bracketed = ''] = /^(?:([a-z0-9.-]+)|\[([0-9a-f:.]+)\])(?::\d{1,5})?$/i.exec(host) ?? [];
  return isLoopbackHost(name === '' ? bracketed : name.toLowerCase());
}

/** Whether only this machine reaches a server that listens at `host`. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host.startsWith(UNIX_HOST) || addressInCidrs(host, LOOPBACK);
}

/** An IPv4 peer of a socket that takes both versions shows as `::ffff:192.0.2.1`. */
function plain(address: string | undefined): string | undefined {
  return address?.startsWith('::ffff:') === true && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
