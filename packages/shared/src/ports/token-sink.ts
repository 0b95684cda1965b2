/** Where a new token goes. It is the only place that a token ever leaves by. */
import type { TokenRecord } from '../domain/records.ts';

export interface TokenSink {
  /** Fails, before anything is recorded or signed, if delivery could not succeed (a file that exists, say). */
  check(): Promise<void>;
  /**
   * Resolves only once the token is durably handed over; throws `UnavailableError` (`DELIVERY_FAILED`) or
   * `RefusedError` otherwise. `record` is the token's record, still pending.
   */
  deliver(token: string, record: TokenRecord): Promise<void>;
}

/**
 * A store that others read at any time, and which must hold a live token whenever they do. So its `deliver` lays the
 * token aside, durably and where readers do not look; once the record is active, `promote` shows it to them.
 */
export interface StagedSink extends TokenSink {
  /** Throws `RefusedError` where a token of so many characters does not fit into what `check` found. */
  requireRoom(length: number): void;
  /**
   * Shows the token of an active record to readers, and resolves with what the store calls that version. Needs nothing
   * but what `deliver` left in the store, so that another process can finish; does nothing for a token that is shown
   * already. Throws `RefusedError` (`SECRET_CHANGED`) where somebody else's token is shown by now, or where the store
   * does not hold this one.
   */
  promote(record: TokenRecord): Promise<string>;
  /** Where `deliver` lays the token of this record, in words. */
  staging(record: Pick<TokenRecord, 'jti'>): string;
}
