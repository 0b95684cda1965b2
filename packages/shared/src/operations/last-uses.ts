/** When tokens were last used: read in batches, and only where somebody looks. */
import type { EpochSeconds } from '../domain/records.ts';
import { MAX_EPOCH_SECONDS } from '../domain/time.ts';
import { inBatches } from './batches.ts';
import type { OperationDeps } from './types.ts';

/** Tokens per read: what one BatchGetItem takes. */
export const USAGE_BATCH = 100;
/** So many tokens are asked about before usage counts as not recorded: some will have been used by then. */
const SAMPLE = 1_000;

export class LastUses {
  readonly #deps: Pick<OperationDeps, 'registry' | 'clock'>;
  #known: Promise<boolean> | undefined;

  constructor(deps: Pick<OperationDeps, 'registry' | 'clock'>) {
    this.#deps = deps;
  }

  /** Epoch seconds by `jti`; tokens without a recorded use are absent. */
  async of(jtis: readonly string[]): Promise<ReadonlyMap<string, EpochSeconds>> {
    const found = new Map<string, EpochSeconds>();
    for (let start = 0; start < jtis.length; start += USAGE_BATCH) {
      const uses = await this.#deps.registry.lastUses(jtis.slice(start, start + USAGE_BATCH));
      for (const { jti, usedAt } of uses.values()) found.set(jti, usedAt);
    }
    if (found.size > 0) this.#known = Promise.resolve(true);
    return found;
  }

  /** Whether a use of any token is known, by those that were read and a sample of those that have not expired. */
  anyKnown(): Promise<boolean> {
    this.#known ??= this.#sample();
    return this.#known;
  }

  async #sample(): Promise<boolean> {
    const { registry, clock } = this.#deps;
    let asked = 0;
    const tokens = registry.tokensByEnd(Math.floor(clock.now() / 1000), MAX_EPOCH_SECONDS);
    for await (const batch of inBatches(tokens, USAGE_BATCH)) {
      if ((await registry.lastUses(batch.map(({ jti }) => jti))).size > 0) return true;
      asked += batch.length;
      if (asked >= SAMPLE) return false;
    }
    return false;
  }
}
