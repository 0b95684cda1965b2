/** How an environment stands, in one look: the key that signs, its tokens in numbers, and what needs attention. */
import { endOfLife } from '../domain/liveness.ts';
import type { EpochSeconds, RingKey } from '../domain/records.ts';
import { MAX_EPOCH_SECONDS } from '../domain/time.ts';
import { clientAttention, EXPIRING_SECONDS, keyAttention, type Attention } from './attention.ts';
import { inBatches } from './batches.ts';
import { retireFrom } from './key-views.ts';
import { USAGE_BATCH } from './last-uses.ts';
import { describeTokens } from './token-views.ts';
import type { OperationDeps, TokenView } from './types.ts';

type ReadDeps = Pick<OperationDeps, 'registry' | 'clock'>;

/** So many tokens are looked at, those that end first before others: a look stays short in a registry of any size. */
export const STATUS_TOKENS = 5_000;

export interface EnvironmentStatus {
  readonly activeKey: RingKey | undefined;
  readonly keys: number;
  readonly tokens: {
    readonly live: number;
    /** Live ones that end within `EXPIRING_SECONDS`. */
    readonly endingSoon: number;
    /** Not activated, and not over. */
    readonly pending: number;
    /** Of clients that are suspended, or not begun yet: they may become live. */
    readonly other: number;
    /** False = there are more, which end later than those that were looked at. */
    readonly complete: boolean;
  };
  /** How many tokens, clients or keys of each kind; kinds with none are left out. */
  readonly attention: ReadonlyMap<Attention, number>;
}

/** Reads at most `most` token records. */
export async function environmentStatus(deps: ReadDeps, most: number = STATUS_TOKENS): Promise<EnvironmentStatus> {
  const { registry, clock } = deps;
  const now = clock.now() / 1000;
  const ring = await registry.readKeyRing();
  const tally = new Tally(now);
  let complete = true;
  let read = 0;
  const ahead = registry.tokensByEnd(Math.floor(now), MAX_EPOCH_SECONDS);
  for await (const batch of inBatches(ahead, USAGE_BATCH)) {
    const wanted = batch.slice(0, most - read);
    for (const view of await describeTokens(deps, wanted)) tally.add(view);
    read += wanted.length;
    complete = wanted.length === batch.length;
    if (!complete) break;
  }
  const keys = ring?.keys ?? [];
  for (const key of keys) {
    // Whether nothing depends on a key is known of all tokens alone.
    const from = complete ? retireFrom(key, tally.lastEnds.get(key.kid)) : undefined;
    tally.note(keyAttention({ key, retireFrom: from }, now));
  }
  const { live, endingSoon, pending, other, attention } = tally;
  const activeKey = keys.find(({ state }) => state === 'active');
  return { activeKey, keys: keys.length, tokens: { live, endingSoon, pending, other, complete }, attention };
}

class Tally {
  readonly #now: EpochSeconds;
  readonly #clients = new Set<string>();
  live = 0;
  endingSoon = 0;
  pending = 0;
  other = 0;
  readonly attention = new Map<Attention, number>();
  /** By kid: the last end among its tokens that are live or may become so. */
  readonly lastEnds = new Map<string, EpochSeconds>();

  constructor(now: EpochSeconds) {
    this.#now = now;
  }

  add({ record, live, over, contact, attention }: TokenView): void {
    if (over) return;
    if (live) this.live += 1;
    else if (record.state === 'pending') this.pending += 1;
    else this.other += 1;
    if (live && endOfLife(record) - this.#now <= EXPIRING_SECONDS) this.endingSoon += 1;
    this.lastEnds.set(record.kid, Math.max(this.lastEnds.get(record.kid) ?? 0, endOfLife(record)));
    this.note(attention);
    if (this.#clients.has(record.client)) return;
    this.#clients.add(record.client);
    this.note(clientAttention(contact === undefined ? {} : { contact }, 1));
  }

  note(found: readonly Attention[]): void {
    for (const kind of found) this.attention.set(kind, (this.attention.get(kind) ?? 0) + 1);
  }
}
