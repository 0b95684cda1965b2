/**
 * A change that gives needs a host whose clock is right: its times go into tokens and keys. Where a service answered,
 * its time decides. Where none was asked, nothing that was recorded may be later than now.
 */
import type { Change } from '../domain/change.ts';
import { isBelieved, MAX_CLOCK_SKEW_MILLIS } from '../domain/clock-limits.ts';
import { gives } from '../domain/giving.ts';
import {
  aggregateName,
  MAIN_RING,
  type AggregateHead,
  type AggregateRef,
  type EpochMillis,
  type KeyRing,
} from '../domain/records.ts';
import { parseMillis } from '../domain/time.ts';
import type { Clock, ClockEvidence } from '../ports/clock.ts';
import { clockBehindError, clockSkewError } from '../ports/clock-errors.ts';
import type { Registry } from '../ports/registry.ts';

export interface HostClockDeps {
  readonly registry: Pick<Registry, 'eventsOf' | 'getRing'>;
  readonly clock: Clock;
  /** Absent = no service is asked, and the host's clock was not checked either. */
  readonly clockEvidence?: ClockEvidence;
}

/** Throws `CLOCK_SKEW` or `CLOCK_BEHIND` for a change that gives, if the host's clock is wrong. */
export async function requireClockFor(deps: HostClockDeps, change: Change): Promise<void> {
  if (!gives(change)) return;
  await requireClock(deps, aggregateOf(change), { eventSeq: (change.events[0]?.seq ?? 1) - 1 });
}

/** The same before anything is done of which a change that gives is a part. `head` is absent for what does not exist. */
export async function requireClock(
  { registry, clock, clockEvidence }: HostClockDeps,
  aggregate: AggregateRef,
  head: Pick<AggregateHead, 'eventSeq'> | undefined,
): Promise<void> {
  const skew = clockEvidence?.skew();
  if (skew !== undefined) {
    if (!isBelieved(skew)) throw clockSkewError(skew);
    return;
  }
  if (clockEvidence?.checked === true) return;
  const last = head === undefined ? undefined : await lastEventAt(registry, aggregate, head.eventSeq);
  requireNotBefore(clock, last, `${aggregate.kind === 'client' ? 'client' : 'key ring'} ${aggregate.id}`);
  // A new client has no past; the ring that signs for it has one, and was read anyway.
  if (aggregate.kind === 'client') requireNotBefore(clock, ringTime(await registry.getRing(MAIN_RING)), 'the key ring');
}

function requireNotBefore(clock: Clock, last: EpochMillis | undefined, subject: string): void {
  const now = clock.now();
  if (last !== undefined && now < last - MAX_CLOCK_SKEW_MILLIS) throw clockBehindError(now, last, subject);
}

/** When the event at this place of a chain was written; absent where there is none. */
export async function lastEventAt(
  registry: Pick<Registry, 'eventsOf'>,
  aggregate: AggregateRef,
  seq: number,
): Promise<EpochMillis | undefined> {
  if (seq < 1) return undefined;
  for await (const event of registry.eventsOf(aggregate, seq, seq)) {
    return event.aggregate === aggregateName(aggregate) ? parseMillis(event.at) : undefined;
  }
  return undefined;
}

/** The newest time that the ring itself names. */
function ringTime(ring: KeyRing | undefined): EpochMillis | undefined {
  const seconds = (ring?.keys ?? []).flatMap(({ createdAt, activatedAt, retiringAt, retiredAt, revokedAt }) =>
    [createdAt, activatedAt, retiringAt, retiredAt, revokedAt].filter((it) => it !== undefined),
  );
  return seconds.length === 0 ? undefined : Math.max(...seconds) * 1000;
}

export function aggregateOf(change: Change): AggregateRef {
  return change.kind === 'client' ? { kind: 'client', id: change.client.id } : { kind: 'ring', id: change.ring.name };
}
