/**
 * Issues many tokens. Each goes the way of a single one (DESIGN section 6): recorded, signed, verified, delivered,
 * activated. Tokens of one client share commits, one commit of a client at a time; different clients go on at once.
 */
import type { TokenSink } from '../ports/token-sink.ts';
import { issueBatch } from './bulk-batch.ts';
import { endsBulkIssue } from './bulk-endings.ts';
import type { BulkItem, BulkRun } from './bulk-run.ts';
import type { BulkSurvey } from './bulk-survey.ts';
import type { BulkOutcome, BulkRequest } from './bulk-types.ts';
import { ClientLane } from './client-lane.ts';
import { Pace } from './pace.ts';
import { rememberingPublicKeys } from './remembered-keys.ts';
import { RingReads } from './ring-reads.ts';
import { Slots } from './slots.ts';
import type { OperationDeps } from './types.ts';

/**
 * Tokens in one commit. To prepare one takes four items (record, pointer, request, event); two more are the client and
 * its registration, and a transaction of DynamoDB takes 100.
 */
const BATCH = 24;

export interface BulkIssueOptions {
  /** Of these requests: where the work begins. Whatever changed since shows at the first commit, and is read anew. */
  readonly survey: BulkSurvey;
  /** Tokens under way at once. */
  readonly concurrency: number;
  /** Signatures a second; absent = as many as the keys make. */
  readonly rate: number | undefined;
  /** Once aborted nothing is begun any more; what is under way is finished. */
  readonly signal: AbortSignal;
  /** Told of each request, in the order in which they are done. */
  readonly tell: (index: number, outcome: BulkOutcome) => void;
}

/**
 * Resolves once every request was told of, or nothing more is begun: after an interruption, or after a failure that
 * every other request would meet as well. `untried` says how many were left. The sink may be given many tokens at once.
 */
export async function issueMany(
  deps: OperationDeps,
  requests: readonly BulkRequest[],
  sink: TokenSink,
  { survey, concurrency, rate, signal, tell }: BulkIssueOptions,
): Promise<{ readonly untried: number }> {
  await sink.check();
  const run: BulkRun = {
    deps: { ...deps, keys: rememberingPublicKeys(deps.keys) },
    sink,
    pace: new Pace(deps, rate),
    rings: new RingReads(deps),
    tell: (index, outcome) => {
      ended ||= outcome.kind === 'failed' && endsBulkIssue(outcome.error.code);
      tell(index, outcome);
    },
  };
  let ended = false;
  let tried = 0;
  const broken: unknown[] = [];
  const slots = new Slots(concurrency);
  for (const { lane, items } of batchesOf(run, requests, survey, Math.min(BATCH, concurrency))) {
    await slots.take(items.length);
    if (ended || broken.length > 0 || signal.aborted) {
      slots.release(items.length);
      break;
    }
    tried += items.length;
    void issueBatch(run, lane, items)
      .catch((error: unknown) => broken.push(error))
      .finally(() => slots.release(items.length));
  }
  await slots.drained();
  if (broken.length > 0) throw broken[0];
  return { untried: requests.length - tried };
}

interface Batch {
  readonly lane: ClientLane;
  readonly items: readonly BulkItem[];
}

/** Requests of one client together, in the order in which the clients are met. */
function* batchesOf(
  { deps }: BulkRun,
  requests: readonly BulkRequest[],
  { clients, findings }: BulkSurvey,
  size: number,
): Generator<Batch> {
  const byClient = Map.groupBy(requests.keys(), (index) => requests[index]?.client ?? '');
  for (const [id, indices] of byClient) {
    const lane = new ClientLane(deps, id, clients.get(id));
    for (let from = 0; from < indices.length; from += size) {
      const items = indices.slice(from, from + size).flatMap((index): BulkItem[] => {
        const [request, finding] = [requests[index], findings[index]];
        if (request === undefined || finding === undefined) throw new TypeError('a survey of other requests');
        return [{ index, request, finding }];
      });
      yield { lane, items };
    }
  }
}
