/** One line of `apikey doctor`: what was looked at, and what to do if it is not as it should be. */
import { ApikeyError, type ErrorCode } from '@apikey/shared';

export interface Check {
  /** Stable: `caller`, `table`, `key`, ... Several checks may have the same. */
  readonly name: string;
  /** Null where it could not be looked at, or was not to be. */
  readonly ok: boolean | null;
  /** What was found. */
  readonly what: string;
  /** Why that matters, or where it comes from. */
  readonly why?: string;
  /** How to mend it. */
  readonly fix?: string;
  /** Of the error that was met. */
  readonly code?: ErrorCode;
}

export function pass(name: string, what: string): Check {
  return { name, ok: true, what };
}

export function finding(name: string, what: string, why: string, fix: string): Check {
  return { name, ok: false, what, why, fix };
}

export function unchecked(name: string, what: string): Check {
  return { name, ok: null, what };
}

/** What an error says, as a finding. Mistakes of this program are thrown on. */
export function failed(name: string, error: unknown): Check {
  if (!(error instanceof ApikeyError) || error.kind === 'bug') throw error;
  const { message, why, fix, code } = error;
  return {
    name,
    ok: false,
    what: message,
    ...(why === undefined ? {} : { why }),
    ...(fix === undefined ? {} : { fix }),
    code,
  };
}

/** The checks of a part, or the one finding that none of them could be made. */
export async function attempted(name: string, look: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await look();
  } catch (error) {
    return [failed(name, error)];
  }
}
