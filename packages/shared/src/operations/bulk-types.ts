/** What a bulk issue is asked for, and what it tells of each token. */
import type { ApikeyError } from '../domain/errors.ts';
import type { TokenRecord } from '../domain/records.ts';
import type { IssueRequest } from './types.ts';

/** One token of a bulk issue: what makes a rerun safe is its request id. */
export interface BulkRequest extends IssueRequest {
  readonly requestId: string;
}

/** What became of one request. */
export type BulkOutcome =
  | {
      readonly kind: 'issued';
      readonly record: TokenRecord;
      readonly registersClient: boolean;
      /** It finished what an earlier run had begun. */
      readonly resumes: boolean;
    }
  /** An earlier run, or another at this moment, issued it; nothing was signed or delivered now. */
  | { readonly kind: 'already'; readonly record: TokenRecord }
  | { readonly kind: 'failed'; readonly error: ApikeyError };
