/** Optimistic commits: read, decide, commit, and again from the start when somebody else was faster. */
import type { Change } from '../domain/change.ts';
import { MAX_CLOCK_SKEW_MILLIS } from '../domain/clock-limits.ts';
import { gives } from '../domain/giving.ts';
import { ConflictError, UnavailableError } from '../ports/errors.ts';
import type { Delay, Entropy } from '../ports/clock.ts';
import type { Registry } from '../ports/registry.ts';
import { aggregateOf, requireClockFor, type HostClockDeps } from './clock-rule.ts';

/** For operations that add something. Milliseconds. */
export const COMMIT_BUDGET = 30_000;
/** For operations that only take away: they may take longer, since they must not fail. Milliseconds. */
export const REVOKE_BUDGET = 60_000;

/** How often the process may be stopped, or its clock be set, between decision and commit. */
const MAX_STALE = 5;

const FIRST_WAIT = 5;
const LONGEST_WAIT = 1_000;

export interface CommitDeps extends HostClockDeps {
  readonly registry: Registry;
  readonly delay: Delay;
  readonly entropy: Entropy;
}

/** What to write, if anything, and what to answer once it is written. */
export interface Decision<T> {
  readonly change: Change | undefined;
  readonly result: T;
  /** Makes the change whole once the host's clock has proved right: nothing is signed for one that is refused. */
  readonly complete?: () => Promise<Change>;
}

/**
 * Runs `decide` on fresh reads until its change is committed or it has none. `decide` must read the aggregate before
 * anything that it owns: a record read before its client may be older than the version that the commit then expects,
 * and would be written back over a newer one. Waits between tries with exponential
 * full jitter, 5 ms to 1 s, and throws the `ConflictError` once `budget` milliseconds are over. A commit whose
 * answer was lost is looked up in the aggregate's event chain and, if absent, tried again; if neither succeeds the
 * error is an `UnavailableError` with `outcome: 'unknown'`. A change that gives is held to the clock rule, and decided
 * anew if the process was stopped, or its clock was set, between decision and commit.
 */
export async function commitLoop<T>(deps: CommitDeps, budget: number, decide: () => Promise<Decision<T>>): Promise<T> {
  const pause = backoff(deps, budget);
  let stale = 0;
  for (;;) {
    const decidedAt = deps.clock.now();
    const { change, result, complete } = await decide();
    if (change === undefined) return result;
    await requireClockFor(deps, change);
    const isStale = (): boolean => gives(change) && Math.abs(deps.clock.now() - decidedAt) > MAX_CLOCK_SKEW_MILLIS;
    try {
      const whole = complete === undefined ? change : await complete();
      if (await commitOnce(deps.registry, whole, { pause, isStale })) return result;
      stale += 1;
      if (stale > MAX_STALE) throw unsteadyClock();
    } catch (error) {
      if (!(error instanceof ConflictError) || !(await pause())) throw error;
    }
  }
}

function unsteadyClock(): UnavailableError {
  return new UnavailableError('the local clock does not hold still', {
    why: `it moved by more than a minute between decision and commit, ${MAX_STALE + 1} times`,
    fix: 'look at what sets the clock of this host, or stops its processes, and try again',
  });
}

interface CommitTry {
  /** False once the budget is spent. */
  readonly pause: () => Promise<boolean>;
  /** What the change was decided on may no longer be true. */
  readonly isStale: () => boolean;
}

/**
 * Commits one change, however often its answer is lost: the version it expects keeps it from applying twice. False
 * where it is not committed, since it became stale.
 */
async function commitOnce(registry: Registry, change: Change, { pause, isStale }: CommitTry): Promise<boolean> {
  let lost: UnavailableError | undefined;
  while (!isStale()) {
    try {
      await registry.commit(change);
      return true;
    } catch (error) {
      if (error instanceof UnavailableError && error.outcome === 'unknown') lost = error;
      // Every try so far was answered: this failure is certain.
      if (lost === undefined) throw error;
      if (await isApplied(registry, change)) return true;
      // Whoever won, it was not this change: decide anew.
      if (error instanceof ConflictError) throw error;
      if (!(await pause())) throw lost;
    }
  }
  if (lost !== undefined) throw lost;
  return false;
}

/** Whether the change's last event stands in its aggregate's chain; a read that fails says no. */
async function isApplied(registry: Registry, change: Change): Promise<boolean> {
  const last = change.events.at(-1);
  if (last === undefined) return false;
  try {
    for await (const event of registry.eventsOf(aggregateOf(change), last.seq, last.seq))
      return event.hash === last.hash;
  } catch {
    // The caller reports that the outcome is unknown.
  }
  return false;
}

/** Waits longer each time; false once the budget is spent. */
function backoff({ clock, delay, entropy }: CommitDeps, budget: number): () => Promise<boolean> {
  const end = clock.now() + budget;
  let ceiling = FIRST_WAIT;
  return async () => {
    if (clock.now() >= end) return false;
    await delay.wait(Math.ceil(entropy.fraction() * ceiling));
    ceiling = Math.min(ceiling * 2, LONGEST_WAIT);
    return true;
  };
}
