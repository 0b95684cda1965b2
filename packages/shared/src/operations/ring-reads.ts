/** Reads of the key ring that many tokens of one run share, without any of them getting an older answer than it needs. */
import { MAIN_RING, type KeyRing } from '../domain/records.ts';
import { readActiveKey, type ActiveKey } from './key-ring.ts';
import type { OperationDeps } from './types.ts';

/** How old the ring may be when a token is prepared, in milliseconds; its activation reads the ring anew anyway. */
const MAX_AGE = 10_000;

export class RingReads {
  readonly #deps: Pick<OperationDeps, 'registry' | 'environment' | 'clock'>;
  #active: Promise<ActiveKey> | undefined;
  #readAt = -Infinity;
  #next: Promise<KeyRing | undefined> | undefined;

  constructor(deps: Pick<OperationDeps, 'registry' | 'environment' | 'clock'>) {
    this.#deps = deps;
  }

  /** The key that signs, as of the last seconds. */
  active(): Promise<ActiveKey> {
    const now = this.#deps.clock.now();
    if (this.#active === undefined || now - this.#readAt > MAX_AGE) {
      this.#readAt = now;
      const reading = readActiveKey(this.#deps);
      this.#active = reading;
      // A failed read is not kept.
      reading.catch(() => {
        if (this.#active === reading) this.#active = undefined;
      });
    }
    return this.#active;
  }

  /** The ring by a read that is sent after this call: all who ask before it is sent share it. */
  fresh(): Promise<KeyRing | undefined> {
    this.#next ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#next = undefined;
      return this.#deps.registry.getRing(MAIN_RING);
    });
    return this.#next;
  }
}
