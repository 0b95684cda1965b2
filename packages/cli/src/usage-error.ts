/** Wrong usage, found before any command has run: kept free of imports, since every invocation loads it. */
import type { ErrorCode } from '@apikey/shared';

export interface UsageDetails {
  readonly why?: string | undefined;
  readonly fix?: string | undefined;
  /** Absent = `USAGE`; any other is of the same kind. */
  readonly code?: ErrorCode | undefined;
}

/** An unknown command or flag, a missing argument, flags that exclude each other: exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly why: string | undefined;
  readonly fix: string | undefined;
  readonly code: ErrorCode;

  constructor(message: string, details: UsageDetails = {}) {
    super(message);
    this.why = details.why;
    this.fix = details.fix;
    this.code = details.code ?? 'USAGE';
  }
}
