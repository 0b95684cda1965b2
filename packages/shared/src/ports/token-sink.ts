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
