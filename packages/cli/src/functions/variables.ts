/** The variables of the scheduled functions. What is wrong ends the start with an error that names all of it. */

export type Variables = Readonly<Record<string, string | undefined>>;

class VariablesError extends Error {
  override readonly name = 'VariablesError';

  constructor(names: readonly string[]) {
    super(`not set: ${names.join(', ')}`);
  }
}

/** Reads variables one by one, and says at the end which of those that must be set are not. */
export class VariableReader {
  readonly #variables: Variables;
  readonly #missing: string[] = [];

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  required(name: string): string {
    const value = this.optional(name);
    if (value === undefined) this.#missing.push(name);
    return value ?? '';
  }

  /** Absent where empty, as a template leaves it. */
  optional(name: string): string | undefined {
    const value = this.#variables[name] ?? '';
    return value === '' ? undefined : value;
  }

  /** Throws `VariablesError` with the names of all that are not set. */
  end(): void {
    if (this.#missing.length > 0) throw new VariablesError(this.#missing);
  }
}
