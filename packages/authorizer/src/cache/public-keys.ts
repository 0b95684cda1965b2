/** The public keys of ring entries, fetched once: for one `kid` they never change. */
import { keySuits, thumbprint, type PublicKeySource, type RingKey } from '@apikey/shared';
import { KeyObject } from 'node:crypto';
import type { Timeline } from '../clock.ts';
import { AuthorizerFault } from '../fault.ts';
import { SharedReads, type Asker } from './shared-reads.ts';

/** As many as are kept: more keys than any ring has. */
const MAX_KEYS = 1000;

export class PublicKeys {
  readonly #source: PublicKeySource;
  readonly #reads: SharedReads<KeyObject>;
  readonly #keys = new Map<string, KeyObject>();

  constructor(source: PublicKeySource, timeline: Timeline) {
    this.#source = source;
    this.#reads = new SharedReads(timeline);
  }

  get size(): number {
    return this.#keys.size;
  }

  get(kid: string): KeyObject | undefined {
    return this.#keys.get(kid);
  }

  /** Fetches a key that is not at hand, or joins a fetch. Rejects with what the source threw, or `KEY_MISMATCH`. */
  async fetch(entry: RingKey, asker: Asker): Promise<KeyObject> {
    const read = (signal: AbortSignal): Promise<KeyObject> => this.#source.publicKey(entry.ref, signal);
    const { value } = await this.#reads.read(entry.kid, asker, Number.POSITIVE_INFINITY, read);
    const key = checkPublicKey(entry, value);
    if (this.#keys.size < MAX_KEYS) this.#keys.set(entry.kid, key);
    return key;
  }
}

/**
 * The fetched key, once it proved to be the one that the ring names. Throws `KEY_MISMATCH`: whoever can write a ring
 * entry must not be able to point it at a key of their own.
 */
export function checkPublicKey(entry: Pick<RingKey, 'kid' | 'alg'>, key: unknown): KeyObject {
  if (!(key instanceof KeyObject) || !keySuits(entry.alg, key)) throw new AuthorizerFault('KEY_MISMATCH');
  if (thumbprint(key) !== entry.kid) throw new AuthorizerFault('KEY_MISMATCH');
  return key;
}
