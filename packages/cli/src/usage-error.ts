/** Wrong usage, found before any command has run: kept free of imports, since every invocation loads it. */

export interface UsageDetails {
  readonly why?: string | undefined;
  readonly fix?: string | undefined;
}

/** An unknown command or flag, a missing argument, flags that exclude each other: code `USAGE`, exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly why: string | undefined;
  readonly fix: string | undefined;

  constructor(message: string, details: UsageDetails = {}) {
    super(message);
    this.why = details.why;
    this.fix = details.fix;
  }
}
