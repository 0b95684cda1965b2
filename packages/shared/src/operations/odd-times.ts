/** Events that go back in time or lie in the future, without reading every chain: what `doctor` looks for. */
import type { AuditEvent, EpochMillis } from '../domain/records.ts';
import { MAX_EPOCH_SECONDS, parseMillis } from '../domain/time.ts';
import type { Registry } from '../ports/registry.ts';
import { clockFault, type ClockFault } from './audit-chain.ts';

const FOREVER = (MAX_EPOCH_SECONDS + 1) * 1000;

export interface OddTime extends Pick<ClockFault, 'kind'> {
  readonly event: AuditEvent;
}

/**
 * Of the events that are dated `from` or later, by time: an event is behind the one in front of it in its chain if it
 * comes first in time.
 */
export async function* oddTimes(
  registry: Pick<Registry, 'eventsByTime'>,
  from: EpochMillis,
  now: EpochMillis,
): AsyncGenerator<OddTime> {
  const behind = new Map<string, AuditEvent>();
  for await (const event of registry.eventsByTime(from, FOREVER)) {
    const at = parseMillis(event.at);
    if (clockFault(at, { before: 0, now }) !== undefined) yield { kind: 'event_future', event };
    const last = behind.get(event.aggregate);
    if (last === undefined || event.seq > last.seq) {
      behind.set(event.aggregate, event);
    } else if (clockFault(parseMillis(last.at), { before: at, now: Infinity }) !== undefined) {
      yield { kind: 'event_backwards', event: last };
      // One jump is one finding, however many events it left ahead.
      behind.set(event.aggregate, { ...last, at: event.at });
    }
  }
}
