/** A map that never holds more than so many entries, and forgets those that were not used lately. */

/**
 * Two generations stand in for an exact order of use: an entry that is used moves to the young one, and when that holds
 * half of the limit the old one is dropped whole. A lookup of a young entry writes nothing, so hits cost no garbage.
 */
export class BoundedMap<V> {
  readonly #half: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  /** @param limit most entries ever held; below 2, none are */
  constructor(limit: number) {
    this.#half = Math.floor(limit / 2);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  /** What is held for `key`, or else what `make` gives, which is held from then on. */
  getOrMake(key: string, make: () => V): V {
    const held = this.get(key);
    if (held !== undefined) return held;
    const made = make();
    this.set(key, made);
    return made;
  }

  set(key: string, value: V): void {
    if (this.#half === 0) return;
    this.#old.delete(key);
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
