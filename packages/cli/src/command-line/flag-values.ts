/** Typed access to the flags that were given: the boundary behind which nothing from commander is untyped. */

export class FlagValues {
  readonly #given: Readonly<Record<string, unknown>>;

  /** @param given by camel-case name; only flags that stood on the command line */
  constructor(given: Readonly<Record<string, unknown>>) {
    this.#given = given;
  }

  text(name: string): string | undefined {
    const value = this.#given[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The values of a repeatable flag, in order. */
  texts(name: string): readonly string[] {
    const value = this.#given[name];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }

  on(name: string): boolean {
    return this.#given[name] === true;
  }

  /** Whether `--no-<name>` was given. */
  off(name: string): boolean {
    return this.#given[name] === false;
  }

  /** Takes what the command line must have refused before, had it been absent. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new TypeError(`--${name} is declared as required but was let through`);
    return value;
  }
}
