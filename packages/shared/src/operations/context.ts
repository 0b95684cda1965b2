/** Who acts and when, as transitions want to know it. */
import type { ChangeContext } from '../domain/change.ts';
import { isBelieved } from '../domain/clock-limits.ts';
import type { AggregateHead, AggregateRef } from '../domain/records.ts';
import { sha256Hex } from '../jose/digest.ts';
import { lastEventAt, type HostClockDeps } from './clock-rule.ts';

type ContextDeps = Pick<HostClockDeps, 'clock' | 'clockEvidence'> & { readonly actor: string };

/** The context of a change that gives, made now: dated by the host, whose clock the commit checks. */
export function changeContext({ clock, clockEvidence, actor }: ContextDeps): ChangeContext {
  const at = clock.now();
  const service = at - (clockEvidence?.skew() ?? 0);
  return { at, earliest: Math.min(at, service), latest: Math.max(at, service), actor, sha256: sha256Hex };
}

/**
 * The context of a change that takes away, which never waits for a clock. A host that a service contradicts is not
 * believed; where no service was asked, the later of host and last event dates the change, and the earlier ends a life.
 * A last event that cannot be read is not missed. `witnessed` is a time, in milliseconds, of which something else than
 * this host says that it has passed.
 */
export async function takingContext(
  deps: HostClockDeps & { readonly actor: string },
  aggregate: AggregateRef,
  head: Pick<AggregateHead, 'eventSeq'>,
  witnessed = 0,
): Promise<ChangeContext> {
  const context = changeContext(deps);
  const skew = deps.clockEvidence?.skew();
  if (skew !== undefined) return isBelieved(skew) ? context : { ...context, at: context.at - skew };
  const event = await lastEventAt(deps.registry, aggregate, head.eventSeq).catch(() => undefined);
  const last = event === undefined ? context.at : Math.max(event, witnessed);
  return {
    ...context,
    // A person who has looked at the host's clock knows better than the audit log.
    at: deps.clockEvidence?.checked === true ? context.at : Math.max(context.at, last),
    earliest: Math.min(context.at, last),
    latest: Math.max(context.at, last),
  };
}
