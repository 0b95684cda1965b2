/** What many measurements of one thing come down to: their median, and the half of them that lies around it. */

export interface Spread {
  readonly median: number;
  /** The quarter of the measurements below it, and the quarter above it, are left out. */
  readonly low: number;
  readonly high: number;
  /** How many measurements there were. */
  readonly count: number;
}

export function spreadOf(measurements: readonly number[]): Spread {
  const sorted = measurements.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    count: sorted.length,
  };
}

/** The value below which the share `q` (0 to 1) of an ascending list lies, between its neighbours in proportion. */
export function quantile(sorted: readonly number[], q: number): number {
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new RangeError('nothing was measured');
  return below + (above - below) * (position - Math.floor(position));
}
