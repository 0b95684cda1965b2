/** Tells the operator of a decision, and lets nothing that the listener does change it. */
import type { EpochMillis } from '@apikey/shared';
import type { Moment } from './clock.ts';
import type { AuthorizeRequest, CacheUse, Decision, DecisionReport } from './decision.ts';
import type { FaultCode } from './fault.ts';
import type { Refusal } from './refusal.ts';
import type { RegistryProblem } from './registry-answers.ts';
import type { UsageOutcome, UsedToken } from './usage-tracker.ts';

/** What one decision has found out so far. */
export interface Course {
  readonly request: AuthorizeRequest;
  readonly arrived: Moment;
  readonly cache: CacheUse;
  /** Set once the kid was found in the ring. */
  kid?: string;
  /** Set once the signature held. */
  token?: UsedToken;
  problem?: RegistryProblem;
  /** Set if the use was due to be recorded. */
  usage?: UsageOutcome;
}

export type Outcome =
  | Decision
  | { readonly allowed: false; readonly fault: FaultCode }
  | { readonly allowed: false; readonly refusal: Refusal };

export type Listener = (report: DecisionReport) => void;

/** Calls the listener with what `course` found. `finished` is on the monotonic clock. */
export function report(listener: Listener, course: Course, outcome: Outcome, finished: EpochMillis): void {
  const { kid, token, problem, usage, arrived, cache } = course;
  // Microseconds are as exact as anybody reads a log.
  const latencyMs = Math.round((finished - arrived.monotonic) * 1000) / 1000;
  const entry: DecisionReport = {
    ...outcomeMembers(outcome),
    ...(token === undefined ? {} : { client: token.client, jti: token.jti }),
    ...(kid === undefined ? {} : { kid }),
    latencyMs,
    cache,
    ...(usage === undefined ? {} : { usage }),
    ...(problem === undefined ? {} : { problem }),
  };
  try {
    const returned: unknown = listener(entry);
    // An async listener is a `() => void` to TypeScript; its rejection must not end the process.
    if (returned instanceof Promise) returned.catch(ignore);
  } catch {
    // A log that cannot be written is no reason to let somebody in, nor to keep somebody out.
  }
}

function outcomeMembers(outcome: Outcome): Pick<DecisionReport, 'allowed' | 'reason' | 'fault' | 'refusal'> {
  if (outcome.allowed) return { allowed: true };
  if ('refusal' in outcome) return { allowed: false, reason: 'event_refused', refusal: outcome.refusal };
  return 'fault' in outcome ? { allowed: false, fault: outcome.fault } : { allowed: false, reason: outcome.reason };
}

function ignore(): void {}
