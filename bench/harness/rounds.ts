/**
 * Runs several ways of doing one thing against each other, in turns that are short beside the machine's moods. Own code,
 * because the benchmark libraries run each way from beginning to end before the next: on a shared machine their ratios
 * compare one minute with another.
 */
import { performance } from 'node:perf_hooks';
import { spreadOf, type Spread } from './spread.ts';

/** Does the thing `times` times. */
export type Way = (times: number) => void | Promise<void>;

/** Microseconds for each time, by the name of the way, one entry for each round: entries of one place are neighbours in time. */
export type Timings<Name extends string> = Readonly<Record<Name, readonly number[]>>;

export interface Rounds {
  readonly rounds: number;
  /** How long one way runs in one round, milliseconds; about. */
  readonly millis: number;
}

export async function runInTurns<Name extends string>(
  ways: Readonly<Record<Name, Way>>,
  { rounds, millis }: Rounds,
): Promise<Timings<Name>> {
  const entries = Object.entries(ways) as [Name, Way][];
  const times = new Map<Name, number>();
  for (const [name, way] of entries) times.set(name, await timesFor(way, millis));
  const timings = Object.fromEntries(entries.map(([name]) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (const [name, way] of shuffled(entries)) {
      const count = times.get(name) ?? 1;
      timings[name].push(((await millisOf(way, count)) * 1000) / count);
    }
  }
  return timings;
}

/** How the time of `ours` relates to that of `theirs`: the quotient of each round, not of two averages. */
export function quotients(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((time, round) => time / (theirs[round] ?? Number.NaN)));
}

/** Warms the way up, and finds how often it runs in `millis`. The first runs of anything say little about the next ones. */
async function timesFor(way: Way, millis: number): Promise<number> {
  const times = await timesOnce(way, millis);
  return times < COLD ? timesOnce(way, millis) : times;
}

/** A way that seems to run so seldom may have been judged by a run that compiled it. */
const COLD = 16;

async function timesOnce(way: Way, millis: number): Promise<number> {
  for (let times = 1; ; times *= 2) {
    const took = await millisOf(way, times);
    if (took >= millis) return Math.max(1, Math.round((times * millis) / took));
  }
}

async function millisOf(way: Way, times: number): Promise<number> {
  const start = performance.now();
  const running = way(times);
  if (running !== undefined) await running;
  return performance.now() - start;
}

export function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value);
}
