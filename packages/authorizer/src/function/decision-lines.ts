/** What the function writes of each decision: a line of JSON for the log, with CloudWatch metrics embedded if wanted. */
import type { DecisionReport } from '../decision.ts';

export interface LineSettings {
  /** Everything that is known of a decision, for whoever reads the log. */
  readonly log: boolean;
  /** The namespace of the metrics; absent = none. */
  readonly metrics: string | undefined;
  /** Dimension of all metrics. */
  readonly functionName: string;
  /** Uses are recorded, so that those which were, and those which were lost, are metrics as well. */
  readonly trackUsage: boolean;
}

/**
 * What CloudWatch is to take from a line ("Embedded metric format specification"). Each combination of metric and dimension
 * values is paid for, so the reason is a dimension of the count alone.
 */
function directives(Namespace: string, trackUsage: boolean): object[] {
  const counts = [
    'Decisions',
    'Denials',
    'Faults',
    'RegistryProblems',
    'TokenCacheHits',
    'StatusCacheHits',
    ...(trackUsage ? ['UsageWrites', 'UsageLosses'] : []),
  ];
  const Metrics = counts.map((Name) => ({ Name, Unit: 'Count' }));
  return [
    { Namespace, Dimensions: [['FunctionName']], Metrics: [...Metrics, { Name: 'Latency', Unit: 'Milliseconds' }] },
    { Namespace, Dimensions: [['FunctionName', 'Reason']], Metrics: [{ Name: 'Decisions', Unit: 'Count' }] },
  ];
}

/**
 * Makes the listener for `onDecision`, or none where nothing is to be written. A line holds what a `DecisionReport` holds:
 * never the token, its claims, or a `kid` that is not in the ring.
 *
 * @param write takes one line without its end
 * @param now milliseconds since 1970
 */
export function decisionLines(
  settings: LineSettings,
  write: (line: string) => void,
  now: () => number,
): ((report: DecisionReport) => void) | undefined {
  const { log, metrics } = settings;
  if (!log && metrics === undefined) return undefined;
  return (report) => {
    const time = now();
    const entry = {
      ...(metrics === undefined ? {} : metricMembers(report, metrics, settings, time)),
      ...(log ? logMembers(report, time) : {}),
    };
    write(JSON.stringify(entry));
  };
}

function logMembers(report: DecisionReport, time: number): object {
  const { allowed, reason, refusal, fault, client, jti, kid, latencyMs, cache, usage, problem } = report;
  const at = new Date(time).toISOString();
  // Members that are undefined do not appear in JSON.
  return {
    type: 'apikey.decision',
    at,
    allowed,
    reason,
    refusal,
    fault,
    client,
    jti,
    kid,
    latencyMs,
    cache,
    usage,
    problem,
  };
}

function metricMembers(report: DecisionReport, namespace: string, settings: LineSettings, time: number): object {
  const { allowed, reason, fault, latencyMs, cache, usage, problem } = report;
  const { functionName, trackUsage } = settings;
  const uses = {
    UsageWrites: count(usage === 'written'),
    UsageLosses: count(usage !== undefined && usage !== 'written'),
  };
  return {
    _aws: { Timestamp: time, CloudWatchMetrics: directives(namespace, trackUsage) },
    FunctionName: functionName,
    Reason: fault ?? reason ?? 'allowed',
    Decisions: 1,
    Denials: count(!allowed && fault === undefined),
    Faults: count(fault !== undefined),
    RegistryProblems: count(problem !== undefined),
    Latency: latencyMs,
    TokenCacheHits: count(cache.token === 'hit'),
    StatusCacheHits: count(cache.status === 'hit' || cache.status === 'dead'),
    ...(trackUsage ? uses : {}),
  };
}

function count(is: boolean): 0 | 1 {
  return is ? 1 : 0;
}
