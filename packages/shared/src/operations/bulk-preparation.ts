/** The first commit of a batch: pending records for what is new, and for what an earlier run left pending. */
import { recordIn, type ChangeContext, type ClientChange } from '../domain/change.ts';
import type { Client } from '../domain/records.ts';
import { prepareTokens, renewedRecord, type TokenProposal, type TokenRenewal } from '../domain/transitions/tokens.ts';
import type { BulkFinding } from './bulk-survey.ts';
import { failed, type BulkItem, type BulkRun, type PreparedItem, type Told } from './bulk-run.ts';
import type { LaneDecision } from './client-lane.ts';
import { composeToken, type Unsigned } from './compose.ts';
import { changeContext } from './context.ts';
import { signGrant } from './grants.ts';
import { requireAlg, type ActiveKey } from './key-ring.ts';
import { identifyIssue, propose } from './proposal.ts';
import { readStanding, type Resumable } from './requests.ts';
import { requireGranted } from './resume.ts';
import type { OperationDeps } from './types.ts';

export interface Preparation {
  readonly prepared: readonly PreparedItem[];
  /** Those that need no signature, or get none. */
  readonly told: readonly Told[];
}

interface Draft {
  readonly item: BulkItem;
  readonly jti: string;
  readonly unsigned: Unsigned;
  /** What of the change is this item's. */
  readonly part: TokenProposal | TokenRenewal;
}

/** One try. An item that is refused stops no other. */
export async function decidePreparation(
  { deps, rings, pace }: Pick<BulkRun, 'deps' | 'rings' | 'pace'>,
  items: readonly BulkItem[],
  client: Client | undefined,
  era: number,
): Promise<LaneDecision<Preparation>> {
  const active = await rings.active();
  // What was found before the run holds as long as nobody else has written.
  const findings = era === 0 ? items.map(({ finding }) => finding) : await findAnew(deps, items);
  const context = changeContext(deps);
  const outcomes = await Promise.all(
    items.map(async (item, n): Promise<Draft | Told> => {
      const finding = findings[n] ?? item.finding;
      try {
        if (finding.kind === 'issued') return [item, { kind: 'already', record: finding.record }];
        if (finding.kind === 'pending') return await renew(deps, item, finding, active, context);
        if (finding.kind === 'new') return draft(deps, item, client, active, context);
        throw finding.error;
      } catch (error) {
        return [item, failed(error)];
      }
    }),
  );
  const drafts = outcomes.filter((outcome): outcome is Draft => 'part' in outcome);
  const told = outcomes.filter((outcome): outcome is Told => !('part' in outcome));
  if (drafts.length === 0) return { change: undefined, result: { prepared: [], told } };
  const parts = drafts.map(({ part }) => part);
  const change = prepareTokens(client, parts.filter(isProposal), parts.filter(isRenewal), context);
  const prepared = drafts.map(({ item, jti, unsigned, part }, n) => ({
    item,
    record: recordIn(change, jti),
    unsigned,
    active,
    era,
    registersClient: client === undefined && n === 0,
    resumes: isRenewal(part),
  }));
  const complete = async (): Promise<ClientChange> => {
    await pace.turn();
    return signGrant(deps, change, active.key);
  };
  return { change, result: { prepared, told }, complete };
}

function findAnew({ registry }: OperationDeps, items: readonly BulkItem[]): Promise<readonly BulkFinding[]> {
  return Promise.all(items.map(({ request }) => readStanding(registry, identifyIssue(request))));
}

function draft(
  deps: OperationDeps,
  item: BulkItem,
  client: Client | undefined,
  active: ActiveKey,
  { at }: ChangeContext,
): Draft {
  requireAlg(item.request.alg, active);
  const { token, request, unsigned } = propose(deps, item.request, identifyIssue(item.request), client, active, at);
  return { item, jti: token.jti, unsigned, part: { token, request } };
}

async function renew(
  deps: OperationDeps,
  item: BulkItem,
  { client, record }: Resumable,
  { key, ring }: ActiveKey,
  context: ChangeContext,
): Promise<Draft> {
  await requireGranted(deps, { client, record }, identifyIssue(item.request), ring);
  const unsigned = composeToken(record, key, deps.entropy);
  const fresh = { payloadSha256: unsigned.payloadSha256, kid: key.kid };
  // Alone first: one record whose time is up must not stop the others.
  renewedRecord(client, record, fresh, context);
  return { item, jti: record.jti, unsigned, part: { record, fresh } };
}

function isProposal(part: TokenProposal | TokenRenewal): part is TokenProposal {
  return 'token' in part;
}

function isRenewal(part: TokenProposal | TokenRenewal): part is TokenRenewal {
  return 'fresh' in part;
}
