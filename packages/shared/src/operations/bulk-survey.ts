/** Looks every request of a bulk issue up before anything is signed: what is done, begun, refused, and what is new. */
import { ApikeyError } from '../domain/errors.ts';
import type { Client, RequestRecord, TokenRecord } from '../domain/records.ts';
import { requireActiveClient } from '../domain/transitions/tokens.ts';
import type { BulkRequest } from './bulk-types.ts';
import { readActiveKey, requireAlg, type ActiveKey } from './key-ring.ts';
import { identifyIssue, propose } from './proposal.ts';
import { standingOf, type RequestStanding } from './requests.ts';
import type { OperationDeps } from './types.ts';

/** Records that are read at once. */
const READS_AT_ONCE = 32;

/** What a request came to when it was looked up; the policy refuses a new one as its first commit would. */
export type BulkFinding =
  | RequestStanding
  /** The policy of the client or the environment, or the form of the token. */
  | { readonly kind: 'unlawful'; readonly error: ApikeyError };

export interface BulkSurvey {
  /** The clients that exist, as they were before their tokens were read. */
  readonly clients: ReadonlyMap<string, Client>;
  /** One for each request, in their order. */
  readonly findings: readonly BulkFinding[];
}

/** Writes and signs nothing. Throws only what concerns all requests. */
export async function surveyBulk(deps: OperationDeps, requests: readonly BulkRequest[]): Promise<BulkSurvey> {
  const active = await readActiveKey(deps);
  const known = await deps.registry.getRequests(requests.map(({ requestId }) => requestId));
  // Clients before their records, as for every commit that rests on both.
  const clients = await deps.registry.getClients([
    ...new Set([...requests.map(({ client }) => client), ...[...known.values()].map(({ client }) => client)]),
  ]);
  const records = await readRecords(deps, [...known.values()]);
  const at = deps.clock.now();
  const findings = requests.map((request): BulkFinding => {
    const before = known.get(request.requestId);
    const standing = standingOf(
      identifyIssue(request),
      before,
      clients.get(before?.client ?? request.client),
      before === undefined ? undefined : records.get(before.jti),
    );
    return standing.kind === 'new' ? judge(deps, request, clients.get(request.client), active, at) : standing;
  });
  return { clients, findings };
}

function judge(
  deps: OperationDeps,
  request: BulkRequest,
  client: Client | undefined,
  active: ActiveKey,
  at: number,
): BulkFinding {
  try {
    requireAlg(request.alg, active);
    if (client !== undefined) requireActiveClient(client);
    propose(deps, request, undefined, client, active, at);
    return { kind: 'new' };
  } catch (error) {
    if (error instanceof ApikeyError) return { kind: 'unlawful', error };
    throw error;
  }
}

async function readRecords(
  { registry }: Pick<OperationDeps, 'registry'>,
  requests: readonly RequestRecord[],
): Promise<ReadonlyMap<string, TokenRecord>> {
  const found = new Map<string, TokenRecord>();
  for (let from = 0; from < requests.length; from += READS_AT_ONCE) {
    const round = requests.slice(from, from + READS_AT_ONCE);
    const records = await Promise.all(round.map(({ client, jti }) => registry.getToken(client, jti)));
    for (const record of records) if (record !== undefined) found.set(record.jti, record);
  }
  return found;
}
