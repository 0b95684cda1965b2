/** Lets any number of requests share reads, of which at most one is sent in so many milliseconds. */

/** An answer is always younger than the question: whoever asks joins a read that is yet to be sent. */
export class PacedRead<T> {
  readonly #interval: number;
  readonly #read: () => Promise<T>;
  #next: Promise<T> | undefined;
  #lastSent = Number.NEGATIVE_INFINITY;

  constructor(interval: number, read: () => Promise<T>) {
    this.#interval = interval;
    this.#read = read;
  }

  read(): Promise<T> {
    this.#next ??= this.#send();
    return this.#next;
  }

  async #send(): Promise<T> {
    const pause = this.#lastSent + this.#interval - performance.now();
    await (pause > 0 ? new Promise((resolve) => setTimeout(resolve, pause)) : undefined);
    this.#next = undefined;
    this.#lastSent = performance.now();
    return this.#read();
  }
}
