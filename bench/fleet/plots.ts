/** The pictures of the fleet model. */
import type { Plot } from '../harness/outcome.ts';
import { quantile } from '../harness/spread.ts';
import { costOf } from './costs.ts';
import { INSTANCES, PARTITION_LIMIT, STALENESSES } from './model.ts';
import type { FleetReads } from './reads.ts';
import type { Latencies } from './revocations.ts';
import type { Setting } from './tables.ts';

/** Like a logarithm, with a place for 0. */
const stalenessAxis = {
  field: 'staleness',
  type: 'quantitative' as const,
  title: 'staleness of tokens (seconds)',
  scale: { type: 'symlog' as const, constant: 0.5 },
  axis: { values: [...STALENESSES], grid: false },
};

export function readsPlot(reads: readonly FleetReads[]): Plot {
  const values = reads.flatMap(({ staleness, token, concentrated, ring }) => [
    { staleness, item: 'client of the ten busiest tokens', reads: concentrated.perSecond },
    { staleness, item: 'busiest token, and its client', reads: token.perSecond },
    { staleness, item: 'key ring (60 s)', reads: ring.perSecond },
  ]);
  return {
    name: 'fleet-reads',
    alt: `Reads a second of the hottest items over staleness, beside the ${PARTITION_LIMIT} that one partition gives.`,
    spec: {
      width: 560,
      height: 300,
      layer: [
        {
          data: { values },
          mark: { type: 'line', point: true },
          encoding: {
            x: stalenessAxis,
            y: {
              field: 'reads',
              type: 'quantitative',
              title: 'reads of one item (per second)',
              scale: { type: 'log', domain: [100, 400_000] },
              axis: { format: ',', values: [100, 1000, 10_000, 100_000] },
            },
            color: { field: 'item', type: 'nominal', title: null, sort: null },
          },
        },
        {
          data: { values: [{ limit: PARTITION_LIMIT, text: 'one partition: 3,000' }] },
          encoding: { y: { field: 'limit', type: 'quantitative' } },
          layer: [
            { mark: { type: 'rule', strokeDash: [6, 4], color: '#b00020' } },
            {
              mark: { type: 'text', align: 'left', dy: -6, color: '#b00020' },
              encoding: { x: { value: 4 }, text: { field: 'text' } },
            },
          ],
        },
      ],
    },
  };
}

export function latencyPlot(all: readonly Latencies[]): Plot {
  const values = all
    .filter(({ plan, bound }) => bound > 0 && plan.drawn === 'by traffic' && isWhole(plan) && isTypical(plan))
    .flatMap(({ plan, bound, perRevocation }) =>
      Array.from({ length: 101 }, (_, percent) => ({
        setting: `TTL ${plan.resultTtl} s, staleness ${plan.staleness} s: bound ${bound} s`,
        latency: quantile(perRevocation, percent / 100) / bound,
        share: percent / 100,
      })),
    );
  return {
    name: 'fleet-revocation',
    alt: 'Distribution of the time until a revoked token is let in nowhere, as a share of the published bound, which no line reaches.',
    spec: {
      width: 560,
      height: 300,
      layer: [
        {
          data: { values },
          mark: { type: 'line', interpolate: 'step-after' },
          encoding: {
            x: {
              field: 'latency',
              type: 'quantitative',
              title: 'last request let in, after the revocation (share of the published bound)',
              scale: { domain: [0, 1.05], nice: false },
            },
            y: {
              field: 'share',
              type: 'quantitative',
              title: 'share of revocations (%)',
              axis: { format: '.0%' },
            },
            color: { field: 'setting', type: 'nominal', title: null, sort: null },
          },
        },
        {
          data: { values: [{ bound: 1 }] },
          encoding: { x: { field: 'bound', type: 'quantitative' } },
          layer: [
            { mark: { type: 'rule', strokeDash: [6, 4], color: '#b00020' } },
            {
              mark: { type: 'text', align: 'right', dx: -6, baseline: 'bottom', color: '#b00020', text: 'bound' },
              encoding: { y: { value: -6 } },
            },
          ],
        },
      ],
    },
  };
}

export function costPlot(settings: readonly Setting[]): Plot {
  const values = settings.map(({ resultTtl, staleness, work }) => {
    const { lambda, reads } = costOf(work, 0);
    return { staleness, ttl: resultTtl === 0 ? 'no result TTL' : `result TTL ${resultTtl} s`, cost: lambda + reads };
  });
  return {
    name: 'fleet-cost',
    alt: 'Dollars for a million requests over staleness, a line for each result TTL.',
    spec: {
      width: 560,
      height: 300,
      data: { values },
      mark: { type: 'line', point: true },
      encoding: {
        x: stalenessAxis,
        y: {
          field: 'cost',
          type: 'quantitative',
          title: 'Lambda and reads (dollars per million requests)',
          scale: { type: 'log' },
          axis: { format: '$~f', values: [0.0001, 0.001, 0.01, 0.1, 1] },
        },
        color: { field: 'ttl', type: 'nominal', title: null, sort: null },
      },
    },
  };
}

/** The others lie between these. */
function isTypical({ resultTtl, staleness }: Latencies['plan']): boolean {
  return resultTtl === 0 || staleness === 0 || staleness === resultTtl;
}

/** Whether all that can let the token in was looked at. */
function isWhole({ resultTtl, instances }: Latencies['plan']): boolean {
  return resultTtl > 0 || instances === INSTANCES;
}
