/** Time and chance, as things passed in, so that tests decide them. */
import type { EpochMillis } from '../domain/records.ts';

export interface Clock {
  /** The wall clock, in milliseconds since 1970. */
  now(): EpochMillis;
}

/** What else than the host's clock says how late it is. */
export interface ClockEvidence {
  /**
   * By how many milliseconds the host's clock is ahead of the service that answered last, negative if behind. Absent
   * where no service was asked.
   */
  skew(): number | undefined;
  /** Someone has looked at the host's clock, and says that it is right. Counts only where no service was asked. */
  readonly checked: boolean;
}

export interface Delay {
  /** Resolves after about `milliseconds`. */
  wait(milliseconds: number): Promise<void>;
}

export interface Entropy {
  /** A random UUID, version 4, lower case. */
  uuid(): string;
  /** `count` random bytes from a cryptographic source. */
  bytes(count: number): Uint8Array;
  /** A number in [0, 1) for spreading retries; not for secrets. */
  fraction(): number;
}
