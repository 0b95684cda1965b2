/** Live tokens whose end is near: what has to be rotated, and whom to write to. */
import { endOfLife } from '../domain/liveness.ts';
import type { TokenRecord } from '../domain/records.ts';
import { inBatches } from './batches.ts';
import { requireClient } from './clients.ts';
import { USAGE_BATCH } from './last-uses.ts';
import { byIssue } from './list.ts';
import { describeTokens } from './token-views.ts';
import type { OperationDeps, TokenView } from './types.ts';

type ReadDeps = Pick<OperationDeps, 'registry' | 'clock'>;

export interface ExpiringFilter {
  /** Seconds from now. */
  readonly within: number;
  readonly client?: string | undefined;
}

/**
 * Live tokens that expire within this time, by client and then by their end; those with a live successor among them.
 * Throws `CLIENT_NOT_FOUND`.
 *
 * A token in its grace ends sooner than it expires, and does so as planned: over all clients such a token is left out,
 * unless what should replace it is not live any more.
 */
export async function listExpiring(deps: ReadDeps, { within, client }: ExpiringFilter): Promise<TokenView[]> {
  const { registry, clock } = deps;
  if (client !== undefined) await requireClient(deps, client);
  const now = clock.now() / 1000;
  const until = now + within;
  const due =
    client === undefined
      ? registry.tokensByEnd(Math.floor(now), Math.floor(until) + 1)
      : registry.tokensOfClient(client);
  const asPlanned = ({ record, successorLive }: TokenView): boolean =>
    client === undefined && successorLive && record.exp > until;
  const found: TokenView[] = [];
  for await (const batch of inBatches(endingBy(due, until), USAGE_BATCH)) {
    found.push(...(await describeTokens(deps, batch)).filter((view) => view.live && !asPlanned(view)));
  }
  return found.toSorted(
    (a, b) => order(a.record.client, b.record.client) || endOfLife(a.record) - endOfLife(b.record) || byIssue(a, b),
  );
}

async function* endingBy(records: AsyncIterable<TokenRecord>, until: number): AsyncGenerator<TokenRecord> {
  for await (const record of records) if (record.state === 'active' && endOfLife(record) <= until) yield record;
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
