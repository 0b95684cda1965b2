/** What a seal states: where every chain of an environment stood at one moment. Signed elsewhere; see `docs/audit.md`. */

export interface SealStatement {
  /** The environment that was sealed. */
  readonly env: string;
  /** RFC 3339 UTC time of the seal. */
  readonly at: string;
  readonly chains: readonly SealedChain[];
}

export interface SealedChain {
  /** `client:<id>` or `ring:<name>`. */
  readonly aggregate: string;
  /** `seq` of its newest event then. */
  readonly seq: number;
  /** `hash` of that event, 64 hex digits. */
  readonly hash: string;
}
