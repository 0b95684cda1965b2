/** Who is at the other end of a connection, and whom a request came from through the proxies that are trusted. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { clientAddress, headerValues } from '@apikey/authorizer';
import { addressInCidrs } from '@apikey/shared';

export interface Peer {
  /** Undefined once the connection is gone. */
  readonly address: string | undefined;
  /** Whether its word counts on where a request came from and what it was. */
  readonly trusted: boolean;
  readonly loopback: boolean;
}

const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1/128'];
/** Proxies add these: a request that has one came from further away than its connection did. */
const FORWARDING = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'] as const;
/** Addresses are remembered by the header's text, which most clients repeat; so many, then all are forgotten. */
const MAX_REMEMBERED = 1_000;

export class Peers {
  readonly #trusted: readonly string[];
  readonly #known = new WeakMap<Socket, Peer>();
  readonly #addresses = new Map<string, string | undefined>();

  /** @param trusted networks of the proxies whose headers are believed */
  constructor(trusted: readonly string[]) {
    this.#trusted = trusted;
  }

  of({ socket }: IncomingMessage): Peer {
    const known = this.#known.get(socket);
    if (known !== undefined) return known;
    const address = plain(socket.remoteAddress);
    const within = (cidrs: readonly string[]): boolean => address !== undefined && addressInCidrs(address, cidrs);
    const peer = { address, trusted: within(this.#trusted), loopback: within(LOOPBACK) };
    this.#known.set(socket, peer);
    return peer;
  }

  /** Where the request came from; undefined where a trusted proxy says so in a way that cannot be read. */
  clientAddress(request: IncomingMessage): string | undefined {
    const peer = this.of(request);
    if (!peer.trusted) return peer.address;
    const forwarded = headerValues(request.rawHeaders, 'x-forwarded-for');
    if (forwarded.length === 0) return peer.address;
    const key = `${peer.address} ${forwarded.join()}`;
    if (!this.#addresses.has(key)) {
      if (this.#addresses.size >= MAX_REMEMBERED) this.#addresses.clear();
      this.#addresses.set(key, plain(clientAddress(peer.address, forwarded, this.#trusted)));
    }
    return this.#addresses.get(key);
  }

  /** Whether the request was made on this machine, and not merely handed on by a proxy that runs here. */
  isLocal(request: IncomingMessage): boolean {
    const { loopback, trusted } = this.of(request);
    if (!loopback) return false;
    const forwarded = FORWARDING.some((name) => request.headers[name] !== undefined);
    if (!forwarded) return true;
    const address = trusted ? this.clientAddress(request) : undefined;
    return address !== undefined && addressInCidrs(address, LOOPBACK);
  }
}

/** Whether only this machine reaches a server that listens at `host`. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || addressInCidrs(host, LOOPBACK);
}

/** An IPv4 peer of a socket that takes both versions shows as `::ffff:192.0.2.1`. */
function plain(address: string | undefined): string | undefined {
  return address?.startsWith('::ffff:') === true && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
