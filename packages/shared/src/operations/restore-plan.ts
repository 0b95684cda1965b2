/** Compares a registry that was set back with an export that was not: what is missing, and whether it may be put back. */
import { RefusedError } from '../domain/errors.ts';
import {
  aggregateName,
  type AggregateName,
  type AggregateRef,
  type AuditEvent,
  type Client,
  type EventAction,
  type KeyRing,
} from '../domain/records.ts';
import type { Registry } from '../ports/registry.ts';
import type { AuditSource } from './audit-source.ts';

/** What takes something away: until it is put back, something dead lives. */
const ENDINGS: ReadonlySet<EventAction> = new Set([
  'client.suspended',
  'client.revoked',
  'client.updated',
  'token.revoked',
  'token.replaced',
  'key.retired',
  'key.revoked',
]);

/** One aggregate that lacks events. */
export interface RestoreStep {
  readonly aggregate: AggregateName;
  readonly ref: AggregateRef;
  /** Where the registry's chain ends; 0 = it does not know the aggregate. */
  readonly fromSeq: number;
  /** Where the export's chain ends. */
  readonly untilSeq: number;
  /** How often each action is missing. */
  readonly actions: Readonly<Partial<Record<EventAction, number>>>;
  /** Of these events, how many take something away. */
  readonly endings: number;
}

export interface RestorePlan {
  /** In the order in which they are put back: rings, then clients by what takes away, then the others. */
  readonly steps: readonly RestoreStep[];
  readonly events: number;
  readonly endings: number;
  /** Aggregates that the registry knows as well as the export does, or better. */
  readonly complete: number;
}

type RestoreSource = Pick<AuditSource, 'survey' | 'eventsOf'>;

/**
 * Compares every chain. Writes nothing. Throws `EXPORT_MISMATCH` where the two contradict each other, with all of the
 * contradictions: then one of them was tampered with, or the registry was written to after it had been set back.
 */
export async function planRestore(
  registry: Registry,
  source: RestoreSource,
  onProgress: (aggregates: number, total: number) => void = () => {},
): Promise<RestorePlan> {
  const { aggregates } = await source.survey(() => {});
  const steps: RestoreStep[] = [];
  const contradictions: string[] = [];
  let complete = 0;
  for (const ref of aggregates) {
    const stored = await storedAggregate(registry, ref);
    const compared = await compare(registry, source, ref, stored);
    if (typeof compared === 'string') contradictions.push(`${aggregateName(ref)} (${compared})`);
    else if (compared !== undefined) steps.push(compared);
    else if (stored !== undefined) complete += 1;
    onProgress(1, aggregates.length);
  }
  if (contradictions.length > 0) throw contradiction(contradictions);
  return {
    steps: steps.toSorted((a, b) => rank(a) - rank(b)),
    events: sum(steps.map(({ fromSeq, untilSeq }) => untilSeq - fromSeq)),
    endings: sum(steps.map(({ endings }) => endings)),
    complete,
  };
}

export function storedAggregate(registry: Registry, { kind, id }: AggregateRef): Promise<Client | KeyRing | undefined> {
  return kind === 'client' ? registry.getClient(id) : registry.getRing(id);
}

/** What is missing; nothing where nothing is; or in words, how the two chains contradict each other. */
async function compare(
  registry: Registry,
  source: RestoreSource,
  ref: AggregateRef,
  stored: Client | KeyRing | undefined,
): Promise<RestoreStep | string | undefined> {
  const fromSeq = stored?.eventSeq ?? 0;
  const actions: Partial<Record<EventAction, number>> = {};
  let [untilSeq, endings] = [0, 0];
  let last: AuditEvent | undefined;
  for await (const event of source.eventsOf(ref, Math.max(fromSeq, 1))) {
    if (event.seq === fromSeq && event.hash !== stored?.eventHash) return `event ${fromSeq} is another`;
    last = event;
    if (event.seq <= fromSeq) continue;
    untilSeq = event.seq;
    actions[event.action] = (actions[event.action] ?? 0) + 1;
    if (ENDINGS.has(event.action)) endings += 1;
  }
  if (last === undefined) return isBehind(registry, source, ref);
  if (untilSeq === 0) return undefined;
  return { aggregate: aggregateName(ref), ref, fromSeq, untilSeq, actions, endings };
}

/** The registry has more than the export: what the export has must be its beginning. */
async function isBehind(registry: Registry, source: RestoreSource, ref: AggregateRef): Promise<string | undefined> {
  let end: AuditEvent | undefined;
  for await (const event of source.eventsOf(ref, 1)) end = event;
  if (end === undefined) return undefined;
  for await (const event of registry.eventsOf(ref, end.seq)) {
    return event.seq === end.seq && event.hash === end.hash ? undefined : `event ${end.seq} is another`;
  }
  return `event ${end.seq} is missing, though later ones are there`;
}

function rank({ ref, endings }: RestoreStep): number {
  if (ref.kind === 'ring') return 0;
  return endings > 0 ? 1 : 2;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function contradiction(chains: readonly string[]): RefusedError {
  const named = chains.slice(0, 5).join(', ') + (chains.length > 5 ? `, and ${chains.length - 5} more` : '');
  return new RefusedError('EXPORT_MISMATCH', 'registry and export contradict each other', {
    why: `${named}: one of them was tampered with, or the registry was written to since it was set back`,
    fix: 'set the registry back again, keep everybody from writing to it, and restore before anything else',
  });
}
