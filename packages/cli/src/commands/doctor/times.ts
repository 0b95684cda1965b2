/** Whether a clock was wrong when something was changed: what the audit log says of it. */
import { oddTimes, type OddTime, type Registry } from '@apikey/shared';
import { counted } from '../../counted.ts';
import { attempted, finding, pass, unchecked, type Check } from './check.ts';

const DAYS = 30;
const NAMED = 5;

/** @param now by AWS, where that says what time it is: this host's clock is a check of its own */
export async function checkTimes(registry: Registry, now: number): Promise<readonly Check[]> {
  const checks = await attempted('times', async () => {
    const odd = await Array.fromAsync(oddTimes(registry, Math.max(0, now - DAYS * 86_400_000), now));
    const checked = [...ofKind(odd, 'event_future'), ...ofKind(odd, 'event_backwards')];
    return checked.length > 0
      ? checked
      : [pass('times', `no event of the last ${DAYS} days goes back in time, and none is dated in the future`)];
  });
  // Roles that only issue or decide may not read the log by time.
  return checks.map((check) =>
    check.code === 'ACCESS_DENIED' ? unchecked('times', 'the caller may not read the audit log by time') : check,
  );
}

function ofKind(odd: readonly OddTime[], kind: OddTime['kind']): readonly Check[] {
  const events = odd.filter((it) => it.kind === kind).map(({ event }) => event);
  if (events.length === 0) return [];
  const named = events.slice(0, NAMED).map(({ seq, aggregate, at }) => `event ${seq} of ${aggregate}, ${at}`);
  const more = events.length > NAMED ? '; ...' : '';
  const what =
    kind === 'event_future'
      ? `${counted(events.length, 'event')} of the audit log ${events.length === 1 ? 'is' : 'are'} dated in the future`
      : `${counted(events.length, 'event')} of the audit log ${events.length === 1 ? 'goes' : 'go'} back in time`;
  return [
    finding(
      'times',
      what,
      `a clock was wrong when they were written, or is wrong here: ${named.join('; ')}${more}`,
      'compare the clock of this host with a time service; tokens issued at that time may end too early or too late: look at them with apikey list',
    ),
  ];
}
