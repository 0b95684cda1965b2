/** Tells the operator of trouble, but of the same trouble only now and then: a request is no reason for a line. */

const QUIET_MILLIS = 10_000;
/** Things that are told once each, like revocations, must not pile up. */
const MAX_KEYS = 1_000;

export class Notices {
  readonly #say: (text: string) => void;
  readonly #lastTold = new Map<string, number>();

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /** @param key what kind of trouble it is */
  tell(key: string, text: string): void {
    const now = performance.now();
    const last = this.#lastTold.get(key);
    if (last !== undefined && now - last < QUIET_MILLIS) return;
    if (this.#lastTold.size >= MAX_KEYS) this.#lastTold.clear();
    this.#lastTold.set(key, now);
    this.#say(text);
  }
}
