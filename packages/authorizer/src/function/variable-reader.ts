/** Reads single variables of the environment and notes what is wrong with them. */
import { AuthorizerConfigError } from '../config-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export class VariableReader {
  readonly #environment: Environment;
  readonly #problems: string[];

  constructor(environment: Environment, problems: string[]) {
    this.#environment = environment;
    this.#problems = problems;
  }

  text(name: string): string | undefined {
    const value = this.#environment[name]?.trim();
    return value === '' ? undefined : value;
  }

  list(name: string): readonly string[] | undefined {
    return this.text(name)
      ?.split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  seconds(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
    this.#problems.push(`${name} must be a whole number of seconds`);
    return undefined;
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    const chosen = choices.find((choice) => choice === text);
    if (text !== undefined && chosen === undefined) this.#problems.push(`${name} must be ${choices.join(' or ')}`);
    return chosen;
  }

  parse<T>(name: string, parse: (text: string) => T): T | undefined {
    const text = this.text(name);
    try {
      return text === undefined ? undefined : parse(text);
    } catch (error) {
      // A JSON parser's own words quote the text, which may be long.
      const why = error instanceof AuthorizerConfigError ? error.message : `${name} must be JSON of its kind`;
      this.#problems.push(why);
      return undefined;
    }
  }

  /** Runs a check that throws, and notes what it said. */
  check(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#problems.push(error instanceof Error ? error.message : String(error));
    }
  }
}
