/** What a benchmark has to say: rows for the one table at the end, tables and pictures for the page. */
import type { TopLevelSpec } from 'vega-lite';
import type { Spread } from './spread.ts';

/** One line of the table in which a run ends. */
export interface Row {
  /** The number of the item that the row belongs to, and what was measured: `1 first sight of a token, ES256`. */
  readonly item: string;
  readonly unit: string;
  readonly ours: Spread;
  /** What runs beside it; the best of several. */
  readonly peer?: { readonly name: string; readonly value: Spread };
  /** As the target counts it: how many times as fast, or how many times the time. */
  readonly ratio?: Spread;
  /** Absent where a row is for information. */
  readonly target?: Target;
  /** Why a target was missed, or what the reader must know to read the row. */
  readonly note?: string;
}

export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** Cells as they are to be read. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Plot {
  /** The picture's file name without its ending. */
  readonly name: string;
  /** What it shows, for those who cannot see it. */
  readonly alt: string;
  readonly spec: TopLevelSpec;
}

export interface Outcome {
  readonly rows: readonly Row[];
  readonly tables?: readonly Table[];
  readonly plots?: readonly Plot[];
}

export function meets({ ratio, target }: Row): boolean | undefined {
  if (ratio === undefined || target === undefined) return undefined;
  return 'atLeast' in target ? ratio.median >= target.atLeast : ratio.median <= target.atMost;
}
