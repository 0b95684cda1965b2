/** When tokens were last used, as far as authorizers recorded it: evidence for people, never part of a decision. */
import type { EpochSeconds } from '../domain/records.ts';

/** One token's last recorded use. The token may have been used since, or elsewhere: it is a lower bound. */
export interface TokenUse {
  readonly jti: string;
  readonly client: string;
  readonly usedAt: EpochSeconds;
}

export interface UsageReader {
  /**
   * The last recorded use of each of these tokens. Those without one are absent, and so are those whose entry is damaged:
   * evidence must not be in the way of what it is shown beside. May lag by seconds.
   */
  lastUses(jtis: readonly string[]): Promise<ReadonlyMap<string, TokenUse>>;
}

export interface UsageRecorder {
  /**
   * Keeps `use` unless a later one is known. `exp` is the token's, from which a backend computes how long to keep it.
   * Throws the port's errors; a caller that decides about requests counts them and goes on.
   */
  recordUse(use: TokenUse & { readonly exp: EpochSeconds }, signal?: AbortSignal): Promise<void>;
}
