/** Bounds how much is under way at once. */
export class Slots {
  #free: number;
  readonly #size: number;
  #waiting: (() => void) | undefined;

  constructor(size: number) {
    this.#size = size;
    this.#free = size;
  }

  /** Resolves once so many are free, and takes them. For one caller at a time; more than there are counts as all. */
  async take(count: number): Promise<void> {
    const wanted = Math.min(count, this.#size);
    while (this.#free < wanted) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    this.#free -= wanted;
  }

  release(count: number): void {
    this.#free += Math.min(count, this.#size);
    this.#waiting?.();
    this.#waiting = undefined;
  }

  /** Resolves once nothing is under way. */
  async drained(): Promise<void> {
    await this.take(this.#size);
    this.release(this.#size);
  }
}
