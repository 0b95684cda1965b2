/** Where an environment keeps its seals. Whoever can write there can remove them: the copy that proves is elsewhere. */

export interface SealStore {
  /**
   * Keeps a seal, durably before it resolves; the same one again changes nothing. `at` is its time, RFC 3339 with
   * milliseconds. Throws `AccessDeniedError`, `UnavailableError` or `ThrottledError`.
   */
  put(at: string, seal: string): Promise<void>;
  /** The seal with the newest time; absent where there is none. Throws also `InvalidStateError` for one that is not whole. */
  latest(): Promise<string | undefined>;
}
