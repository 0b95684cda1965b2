/** Every exit code of the program, in one table: what each means, and which kind of error ends with it. */
import type { ErrorKind } from '@apikey/shared';

export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
}

/** What each kind of error ends with. */
export const EXIT_CODES: Readonly<Record<ErrorKind | 'done', ExitCode>> = {
  done: { code: 0, meaning: 'done; also an empty list, and a token that was revoked before' },
  bug: { code: 1, meaning: 'a bug in apikey' },
  usage: { code: 2, meaning: 'wrong usage or input, or a question had to be asked without a terminal' },
  not_found: { code: 3, meaning: 'not found' },
  access: { code: 4, meaning: 'credentials are missing, or access was denied' },
  conflict: { code: 5, meaning: 'a conflict: lost race, ambiguous, over a cap, wrong state' },
  unavailable: { code: 6, meaning: 'out of reach, limited, full, or delivery failed; safe to try again' },
  partial: { code: 7, meaning: 'some items of a bulk command failed' },
  cancelled: { code: 8, meaning: 'cancelled: the question was answered with no' },
  damaged: { code: 9, meaning: 'a damaged or foreign registry or key file' },
  not_live: { code: 10, meaning: 'verify: the token is not live' },
  findings: { code: 11, meaning: 'a check found something that needs attention' },
  interrupted: { code: 130, meaning: 'interrupted by Ctrl-C' },
};

export function exitCodeOf(kind: ErrorKind): number {
  return EXIT_CODES[kind].code;
}
