/** Checks the audit trail of a registry or of an export: every chain, what is stored against it, and a seal if given. */
import { canonicalJson, GENESIS_HASH } from '../domain/events.ts';
import { isAboutClocks, type Finding } from '../domain/findings.ts';
import { aggregateName, type AggregateRef, type EpochMillis } from '../domain/records.ts';
import type { SealStatement } from '../domain/seal.ts';
import { sha256Hex } from '../jose/digest.ts';
import { AggregateCheck } from './audit-aggregate.ts';
import { aggregateRef, type AuditSource, type Survey } from './audit-source.ts';
import type { GrantVerifier } from './grants.ts';

/** How long a registry keeps a record after its token has expired, unless its operator says otherwise. */
const RETENTION_SECONDS = 400 * 86_400;
/** More of one aggregate are counted, not kept: one flaw may show in every event behind it. */
const KEPT_PER_AGGREGATE = 20;
const KEPT = 10_000;

export interface AuditCheck {
  readonly now: EpochMillis;
  /** Only this client. */
  readonly client?: string | undefined;
  /** Whose signature was verified; what it states is looked for. */
  readonly seal?: SealStatement | undefined;
  readonly retentionSeconds?: number;
  /** How the grants of prepared tokens are verified; absent = they are not. */
  readonly grants?: GrantVerifier | undefined;
  /** So many more events were checked, of `total` about. */
  readonly onProgress?: (step: 'survey' | 'check', count: number, total: number | undefined) => void;
}

export interface AuditReport {
  readonly findings: readonly Finding[];
  /** Those that were counted but not kept. */
  readonly moreFindings: number;
  readonly aggregates: number;
  readonly events: number;
  readonly records: number;
  /** Prepared tokens whose grant is signed by a key that is disabled. */
  readonly uncheckedGrants: number;
  /** One hash over the heads of all chains, in the order of their names: two reports with the same saw the same log. */
  readonly head: string;
}

/**
 * Holds no more than the state of one aggregate at a time. What others commit meanwhile is no finding. Throws what the
 * source throws, but for entries that cannot be parsed: those are findings.
 */
export async function verifyAudit(source: AuditSource, check: AuditCheck): Promise<AuditReport> {
  const findings = new Findings();
  const { onProgress } = check;
  const survey = await surveyed(source, check);
  for (const note of survey.damages) findings.add({ aggregate: survey.whole, kind: 'damaged', note });
  const sealed = new Map((check.seal?.chains ?? []).map((chain) => [chain.aggregate, chain]));
  const totals = { aggregates: 0, events: 0, records: 0, uncheckedGrants: 0 };
  let head = GENESIS_HASH;
  for (const ref of withSealed(survey.aggregates, check)) {
    const name = aggregateName(ref);
    const checked = await new AggregateCheck(ref, sealed.get(name), {
      source,
      found: (finding) => findings.add(finding),
      onEvents: (count) => onProgress?.('check', count, survey.events),
      grants: check.grants,
      now: check.now,
      forgottenBefore: check.now / 1000 - (check.retentionSeconds ?? RETENTION_SECONDS),
    }).run();
    if (!checked.exists) continue;
    totals.aggregates += 1;
    totals.events += checked.events;
    totals.records += checked.records;
    totals.uncheckedGrants += checked.uncheckedGrants;
    head = sha256Hex(canonicalJson([head, name, checked.seq, checked.hash]));
  }
  return { findings: findings.kept, moreFindings: findings.more, ...totals, head };
}

async function surveyed(source: AuditSource, { client, onProgress }: AuditCheck): Promise<Survey> {
  if (client === undefined) return source.survey((count) => onProgress?.('survey', count, undefined));
  const ref: AggregateRef = { kind: 'client', id: client };
  const stored = await source.stored(ref).catch(() => undefined);
  return { whole: 'registry', aggregates: [ref], events: stored?.aggregate.eventSeq ?? 0, damages: [] };
}

/** What was sealed is looked for even where no trace of it is left. */
function withSealed(aggregates: readonly AggregateRef[], { seal, client }: AuditCheck): AggregateRef[] {
  const names = new Set<string>(aggregates.map(aggregateName));
  const gone = (seal?.chains ?? []).filter(({ aggregate }) => !names.has(aggregate));
  return [...aggregates, ...(client === undefined ? gone.map(({ aggregate }) => aggregateRef(aggregate)) : [])];
}

class Findings {
  readonly kept: Finding[] = [];
  readonly #counts = new Map<string, number>();
  more = 0;

  /** Those about clocks are counted apart: they must not keep another one out of sight. */
  add(finding: Finding): void {
    const kind = isAboutClocks(finding) ? 'clocks' : 'content';
    const total = this.#count(kind);
    const ofAggregate = this.#count(`${kind} ${finding.aggregate}`);
    if (ofAggregate > KEPT_PER_AGGREGATE || total > KEPT) this.more += 1;
    else this.kept.push(finding);
  }

  #count(what: string): number {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    return count;
  }
}
