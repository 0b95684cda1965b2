/** Faults of a chain as findings: with what should have stood there. */
import { hashEvent, type ChainFault } from '../domain/events.ts';
import type { Difference, Finding } from '../domain/findings.ts';
import { MAX_CLOCK_SKEW_MILLIS } from '../domain/clock-limits.ts';
import type { AuditEvent, EpochMillis, Json } from '../domain/records.ts';
import { sha256Hex } from '../jose/digest.ts';

/** Where a chain stood before the event at which a fault was seen. */
interface ChainPlace {
  readonly name: string;
  readonly seq: number;
  readonly hash: string;
}

type ChainFinding = Pick<Finding, 'kind'> & { readonly difference: Difference };

export function chainFinding(fault: ChainFault, event: AuditEvent, before: ChainPlace): ChainFinding {
  const { aggregate, seq, prev, hash } = event;
  const faults: Readonly<Record<ChainFault, () => ChainFinding>> = {
    aggregate: () => ({ kind: 'event_aggregate', difference: difference('aggregate', before.name, aggregate) }),
    sequence: () => ({ kind: 'event_sequence', difference: difference('seq', before.seq + 1, seq) }),
    prev: () => ({ kind: 'event_link', difference: difference('prev', before.hash, prev) }),
    hash: () => ({ kind: 'event_hash', difference: difference('hash', hashEvent(event, sha256Hex), hash) }),
    head: () => ({ kind: 'head_differs', difference: difference('eventHash', before.hash, hash) }),
  };
  return faults[fault]();
}

export function difference(field: string, expected: Json, found: Json): Difference {
  return { field, expected, found };
}

export interface ClockFault {
  readonly kind: 'event_backwards' | 'event_future';
  /** What it is on the wrong side of. */
  readonly bound: EpochMillis;
}

/** What is odd about the time of an event, by that of the event `before` it in its chain and by the time it is now. */
export function clockFault(
  at: EpochMillis,
  { before, now }: { readonly before: EpochMillis; readonly now: EpochMillis },
): ClockFault | undefined {
  if (at > now + MAX_CLOCK_SKEW_MILLIS) return { kind: 'event_future', bound: now };
  return at < before - MAX_CLOCK_SKEW_MILLIS ? { kind: 'event_backwards', bound: before } : undefined;
}
