/** What an independent log says of signing calls: the other side of the reconciliation. */
import type { EpochMillis } from '../domain/records.ts';

/** One call that asked a key to sign. */
export interface SignCall {
  /** The service's id of the call, as the token record keeps it. */
  readonly requestId: string;
  /** The log's own id of the entry: the same one delivered twice has it twice. */
  readonly eventId: string;
  readonly at: EpochMillis;
  /** Who called, as an ARN where the caller has one. */
  readonly principal: string;
  /** The key's ARN. */
  readonly keyArn: string;
  /** False for a call that was refused, or a dry run: it made no signature. */
  readonly signed: boolean;
}

/** An entry of the log: a signing call, or the time of anything else, which tells what the log covers. */
export type SignLogEntry = SignCall | { readonly at: EpochMillis };
