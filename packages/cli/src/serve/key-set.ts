/** The key ring as the outside world may see it: the JWK set, and whether ring and keys are in reach. */
import { createHash, type KeyObject } from 'node:crypto';
import {
  exportJwks,
  NotFoundError,
  readOwnToken,
  type KeyRing,
  type OwnToken,
  type PublicKeySource,
  type StatusReader,
} from '@apikey/shared';
import { PacedRead } from './paced-read.ts';

/** What anybody may ask without a token costs at most four reads a second. */
const READ_INTERVAL_MILLIS = 250;
const READ_TIMEOUT_MILLIS = 2_000;
/** More keys than any ring has. */
const MAX_KEYS = 1_000;

export interface PublishedKeys {
  readonly body: string;
  readonly etag: string;
}

export class KeySet {
  readonly #source: PublicKeySource;
  readonly #ring: PacedRead<KeyRing | undefined>;
  /** For one `ref` a key never changes. */
  readonly #keys = new Map<string, KeyObject>();

  constructor(status: Pick<StatusReader, 'readKeyRing'>, keys: PublicKeySource) {
    this.#source = keys;
    this.#ring = new PacedRead(READ_INTERVAL_MILLIS, () =>
      status.readKeyRing(AbortSignal.timeout(READ_TIMEOUT_MILLIS)),
    );
  }

  /** Rejects where the ring or one of its keys cannot be read. */
  async published(): Promise<PublishedKeys> {
    const body = JSON.stringify(await exportJwks(this.#deps));
    return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
  }

  /** Rejects where a token that is issued now could not be verified: no ring, no active key, or no public half of it. */
  async requireReadable(): Promise<void> {
    const ring = await this.#ring.read();
    const active = ring?.keys.find(({ state }) => state === 'active');
    if (active === undefined) throw new NotFoundError('RING_NOT_FOUND', 'the environment has no active key');
    await this.#publicKey(active.ref);
  }

  /** Claims of a token that a key of the ring signed, whatever state either is in. Throws `INVALID_INPUT` for others. */
  readOwnToken(token: string): Promise<OwnToken> {
    return readOwnToken(this.#deps, token);
  }

  get #deps(): { registry: { getRing: () => Promise<KeyRing | undefined> }; keys: PublicKeySource } {
    return { registry: { getRing: () => this.#ring.read() }, keys: { publicKey: (ref) => this.#publicKey(ref) } };
  }

  async #publicKey(ref: string): Promise<KeyObject> {
    const known = this.#keys.get(ref);
    if (known !== undefined) return known;
    const key = await this.#source.publicKey(ref, AbortSignal.timeout(READ_TIMEOUT_MILLIS));
    if (this.#keys.size < MAX_KEYS) this.#keys.set(ref, key);
    return key;
  }
}
