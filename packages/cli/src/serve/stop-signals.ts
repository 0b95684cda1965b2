/** The signals that ask a server to end: the first one kindly, the second at once. */

export class StopSignals implements Disposable {
  readonly first: Promise<void>;
  readonly second: Promise<void>;
  readonly #interrupted: AbortSignal;
  readonly #onSignal: () => void;
  readonly #onAbort: () => void;
  #count = 0;

  /** @param interrupted aborted by the first SIGINT, or by whoever runs the program inside of another one */
  constructor(interrupted: AbortSignal) {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    this.first = first.promise;
    this.second = second.promise;
    this.#interrupted = interrupted;
    this.#onSignal = () => {
      this.#count += 1;
      (this.#count === 1 ? first : second).resolve();
    };
    this.#onAbort = () => first.resolve();
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
    interrupted.addEventListener('abort', this.#onAbort, { once: true });
    if (interrupted.aborted) first.resolve();
  }

  /** How many came. */
  get count(): number {
    return this.#count;
  }

  [Symbol.dispose](): void {
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
    this.#interrupted.removeEventListener('abort', this.#onAbort);
  }
}
