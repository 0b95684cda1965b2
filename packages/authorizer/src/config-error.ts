/** What creating an authorizer or one of its faces throws when an option is missing, unknown or out of range. */

/** A mistake of the calling program, found before the first request. `option` names what to change. */
export class AuthorizerConfigError extends TypeError {
  override readonly name = 'AuthorizerConfigError';
  /** The option's path, like `maxStaleness.tokens` or `routes[2].path`. */
  readonly option: string;

  constructor(option: string, problem: string, cause?: unknown) {
    super(`${option} ${problem}`, cause === undefined ? undefined : { cause });
    this.option = option;
  }
}

/** Refuses option names that nothing reads, since a misspelt limit would silently not apply. */
export function refuseUnknown(given: object, known: readonly string[], prefix = ''): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new AuthorizerConfigError(`${prefix}${name}`, `is not an option; there are: ${known.join(', ')}`);
    }
  }
}
