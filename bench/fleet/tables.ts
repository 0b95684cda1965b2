/** The tables of the fleet model. */
import type { Table } from '../harness/outcome.ts';
import { digits } from '../harness/print.ts';
import { quantile } from '../harness/spread.ts';
import { costOf, dollars, keyCost, PRICES, type Work } from './costs.ts';
import type { GatewayLoad } from './gateway.ts';
import { INSTANCES, PARTITION_LIMIT, REQUESTS, RESULT_TTLS, STALENESSES } from './model.ts';
import type { FleetReads, Rate } from './reads.ts';
import type { Latencies } from './revocations.ts';

/** Seconds that an instance is taken to live: nobody outside AWS knows. */
const INSTANCE_LIFE = 2 * 3600;

/** One setting of the two caches, and what a request then makes the fleet do. */
export interface Setting {
  readonly resultTtl: number;
  readonly staleness: number;
  readonly work: Work;
}

export function readsTable(reads: readonly FleetReads[]): Table {
  const cell = (rate: Rate): string => `${digits(rate.perSecond)}${rate.error > 0 ? ` ± ${digits(rate.error)}` : ''}`;
  return {
    title: 'Reads a second of one item, by staleness (no result TTL); ± is the standard error of the sample',
    columns: [
      'staleness, s',
      'busiest token',
      'its client',
      'a client of the ten busiest tokens',
      'key ring',
      'busiest token of one partition',
      'statuses read per request',
    ],
    rows: reads.map((one) => [
      String(one.staleness),
      cell(one.token),
      cell(one.client),
      cell(one.concentrated),
      cell(one.ring),
      `${digits((100 * one.token.perSecond) / PARTITION_LIMIT)} %`,
      digits(one.statusesPerRequest),
    ]),
  };
}

export function latencyTable(all: readonly Latencies[]): Table {
  return {
    title: 'From the commit of a revocation to the last request that was let in, seconds',
    columns: [
      'result TTL, s',
      'staleness, s',
      'tokens drawn',
      'seen at',
      'revocations',
      'let in at all',
      'p50',
      'p99',
      'max',
      'bound',
      'max / bound',
      'over the bound',
    ],
    rows: all.flatMap((one) => {
      const { plan, bound, perInstance, perRevocation } = one;
      const of = (place: string, values: readonly number[]): string[] => [
        String(plan.resultTtl),
        String(plan.staleness),
        plan.drawn,
        place,
        String(plan.revocations),
        `${digits((100 * values.filter((value) => value > 0).length) / values.length)} %`,
        ...[0.5, 0.99, 1].map((q) => digits(quantile(values, q))),
        String(bound),
        bound === 0 ? '–' : digits(quantile(values, 1) / bound),
        String(values.filter((value) => value > bound).length),
      ];
      if (plan.resultTtl > 0) return [of('the gateway', perRevocation)];
      if (plan.instances === INSTANCES) return [of('the whole fleet', perRevocation)];
      return [of('one instance', perInstance)];
    }),
  };
}

export function gatewayTable(loads: readonly GatewayLoad[]): Table {
  return {
    title: 'Behind a result TTL',
    columns: [
      'result TTL, s',
      'staleness, s',
      'decisions a second',
      'instances at the busiest moment',
      'reads a second of the busiest token',
      'of the ten busiest',
      'most of these in one second',
    ],
    rows: loads.map((load) => [
      String(load.resultTtl),
      String(load.staleness),
      digits(load.asksPerRequest * REQUESTS),
      String(load.instances),
      digits(load.token),
      digits(load.concentrated),
      digits(load.concentratedPeak),
    ]),
  };
}

/** Dollars for a million requests without the price of the API itself. */
export function costTable(settings: readonly Setting[], lineBytes: number): Table {
  const cell = (resultTtl: number, staleness: number): string => {
    const found = settings.find((one) => one.resultTtl === resultTtl && one.staleness === staleness);
    if (found === undefined) return '';
    const { lambda, reads } = costOf(found.work, lineBytes);
    return money(lambda + reads);
  };
  return {
    title: `A million requests, Lambda and reads, by staleness and result TTL (${PRICES.region}, ${PRICES.date})`,
    columns: ['staleness, s', ...RESULT_TTLS.map((ttl) => `TTL ${ttl} s`)],
    rows: STALENESSES.map((staleness) => [String(staleness), ...RESULT_TTLS.map((ttl) => cell(ttl, staleness))]),
  };
}

export function partsTable(settings: readonly Setting[], lineBytes: number): Table {
  const keys = keyCost(INSTANCES, INSTANCE_LIFE, REQUESTS);
  return {
    title: 'What that consists of, and what comes on top, for a million requests',
    columns: [
      'result TTL, s',
      'staleness, s',
      'decisions',
      'billed ms each',
      'Lambda',
      'reads',
      'public keys',
      `a log line each (${lineBytes} bytes)`,
      'the API itself: HTTP',
      'REST',
    ],
    rows: settings
      .filter(({ staleness }) => staleness === 0 || staleness === 5)
      .map(({ resultTtl, staleness, work }) => {
        const { lambda, reads, log } = costOf(work, lineBytes);
        return [
          String(resultTtl),
          String(staleness),
          digits(work.asksPerRequest * 1e6),
          digits(work.billedMillis),
          money(lambda),
          money(reads),
          keys < 0.001 ? 'under $0.001' : money(keys),
          money(log),
          money(dollars('apiGatewayMillionHttpRequests')),
          money(dollars('apiGatewayMillionRestRequests')),
        ];
      }),
  };
}

function money(amount: number): string {
  return `$${amount < 0.1 ? amount.toPrecision(2) : amount.toFixed(2)}`;
}
