/** What is measured, and the form in which the process of each Node hands it over. */
import type { SigningAlg } from '@apikey/shared';
import type { Timings } from '../harness/rounds.ts';
import type { Bare } from './bare.ts';
import type { Peer } from './peers.ts';

export const ALGS = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ML-DSA-44'] as const satisfies readonly SigningAlg[];
export type MeasuredAlg = (typeof ALGS)[number];

/**
 * `verification`: form, signature and claims, as the libraries check them; `decision`: all of `authorize`, which reads the
 * status; `status at hand`: the same without the read.
 */
export type WayName = 'verification' | 'status at hand' | 'decision' | Bare | Peer;
export type AlgTimings = Partial<Timings<WayName>>;

export interface Measured {
  /** As in `v24.21.0`. */
  readonly node: string;
  /** Without the algorithms that this Node does not know. */
  readonly byAlg: Readonly<Partial<Record<MeasuredAlg, AlgTimings>>>;
}
