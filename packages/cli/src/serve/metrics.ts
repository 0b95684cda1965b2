/** Counts what the gateway does, for Prometheus. No label has a value that a client chooses. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { GatewayReport } from './decisions.ts';

/** Seconds: from a decision out of warm caches to one that waited for three attempts. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

type ReadKind = 'status' | 'ring';

/** A counter with two labels that is counted for every request: labels are put together when somebody looks. */
class Tally {
  readonly #counts = new Map<string, Map<string, number>>();

  constructor(registry: Registry, name: string, help: string, labelNames: readonly [string, string]) {
    const counts = this.#counts;
    const [outer, inner] = labelNames;
    const counter = new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [],
      collect() {
        this.reset();
        for (const [first, seconds] of counts) {
          for (const [second, count] of seconds) this.inc({ [outer]: first, [inner]: second }, count);
        }
      },
    });
    registry.registerMetric(counter);
  }

  count(first: string, second: string): void {
    let seconds = this.#counts.get(first);
    if (seconds === undefined) this.#counts.set(first, (seconds = new Map()));
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #decisions = new Tally(this.#registry, 'apikey_decisions_total', 'Decisions, by outcome and reason', [
    'outcome',
    'reason',
  ]);
  readonly #latency = new Histogram({
    name: 'apikey_decision_duration_seconds',
    help: 'Time that decisions took',
    buckets: BUCKETS,
    registers: [this.#registry],
  });
  readonly #caches = new Tally(
    this.#registry,
    'apikey_cache_lookups_total',
    'Lookups in the caches of the authorizer, by result',
    ['cache', 'result'],
  );
  readonly #problems = this.#counter('apikey_registry_problems_total', 'Damaged entries met in the registry', [
    'problem',
  ]);
  readonly #reads = this.#counter('apikey_registry_reads_total', 'Reads sent to the registry, by result', [
    'read',
    'result',
  ]);
  readonly #usage = this.#counter(
    'apikey_usage_records_total',
    'Uses that were due to be recorded, by what became of it',
    ['result'],
  );
  readonly #introspections = this.#counter('apikey_introspections_total', 'Answers of /introspect', ['active']);
  readonly #revocations = this.#counter('apikey_revocations_total', 'Tokens that their holders ended at /revoke', []);
  readonly #upstream = this.#counter('apikey_upstream_failures_total', 'Requests that the upstream did not answer', [
    'status',
  ]);
  #lastRingRead: number | undefined;

  constructor() {
    const ringAge = (): number =>
      this.#lastRingRead === undefined ? Number.NaN : (performance.now() - this.#lastRingRead) / 1000;
    this.#registry.registerMetric(
      new Gauge({
        name: 'apikey_ring_age_seconds',
        help: 'Time since the key ring was last read; NaN before the first time',
        registers: [],
        collect() {
          this.set(ringAge());
        },
      }),
    );
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  decided(report: GatewayReport): void {
    const { allowed, reason, fault, public: isPublic, refused, latencyMs, cache, problem, usage } = report;
    const outcome = allowed ? 'allowed' : fault === undefined ? 'denied' : 'fault';
    this.#decisions.count(outcome, fault ?? reason ?? (isPublic === true ? 'public' : 'live'));
    if (isPublic === true || refused === true) return;
    this.#latency.observe(latencyMs / 1000);
    if (cache.token !== 'none') this.#caches.count('token', cache.token);
    if (cache.status !== 'none') this.#caches.count('status', cache.status);
    if (cache.ring !== undefined) this.#caches.count('ring', cache.ring);
    if (usage !== undefined) this.#usage.inc({ result: usage });
    if (problem !== undefined) this.#problems.inc({ problem });
  }

  /** @param sent on the monotonic clock, in milliseconds: the ring is as old as the question for it */
  read(read: ReadKind, result: 'ok' | 'error', sent: number): void {
    this.#reads.inc({ read, result });
    if (read === 'ring' && result === 'ok') this.#lastRingRead = sent;
  }

  introspected(active: boolean): void {
    this.#introspections.inc({ active: String(active) });
  }

  revoked(): void {
    this.#revocations.inc();
  }

  upstreamFailed(status: number): void {
    this.#upstream.inc({ status: String(status) });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }
}
