/** Item 8: a fleet of 10,000 instances on virtual time. Nothing is timed: the same seeds give the same numbers everywhere. */
import { costOf } from '../fleet/costs.ts';
import { crossCheck } from '../fleet/cross-check.ts';
import { gatewayLoad, type GatewayLoad } from '../fleet/gateway.ts';
import { INSTANCES, PARTITION_LIMIT, Popularity, RESULT_TTLS, STALENESSES } from '../fleet/model.ts';
import { costPlot, latencyPlot, readsPlot } from '../fleet/plots.ts';
import { allTokens, fleetReads, type FleetReads, type Rate } from '../fleet/reads.ts';
import { revocationLatencies, type Latencies, type RevocationPlan } from '../fleet/revocations.ts';
import { costTable, gatewayTable, latencyTable, partsTable, readsTable, type Setting } from '../fleet/tables.ts';
import { decisionLines } from '../harness/internals.ts';
import { bench, quick, sized } from '../harness/item.ts';
import type { Row } from '../harness/outcome.ts';
import type { Spread } from '../harness/spread.ts';

/** Seconds of staleness that the rows speak of: the first of those simulated at which a busy token fits one partition. */
const RECOMMENDED = 5;
/** Instances of the sample, and virtual seconds of each that count. */
const SAMPLE = { instances: sized(20, 2), seconds: 60 };
/** Behind a gateway staleness changes little, so few are enough. */
const GATEWAY_STALENESSES = quick ? [0] : [0, 5];
const GATEWAY_TTLS = RESULT_TTLS.filter((ttl) => (quick ? ttl === 5 : ttl > 0));

await bench('fleet', async () => {
  const popularity = new Popularity();
  const tokens = allTokens();

  let lineBytes = 0;
  for (const staleness of [0, 1, 10]) {
    const reports = await crossCheck(popularity, staleness, sized(3000, 600));
    lineBytes = Math.round(meanLineBytes(reports));
  }

  const reads: FleetReads[] = [];
  for (const staleness of STALENESSES) reads.push(await fleetReads(tokens, popularity, staleness, SAMPLE));

  const settings: Setting[] = reads.map((one) => ({
    resultTtl: 0,
    staleness: one.staleness,
    work: { ...one, asksPerRequest: 1 },
  }));
  const loads: GatewayLoad[] = [];
  for (const resultTtl of GATEWAY_TTLS) {
    for (const staleness of GATEWAY_STALENESSES) {
      const load = await gatewayLoad(tokens, popularity, { resultTtl, staleness });
      loads.push(load);
      settings.push({ resultTtl, staleness, work: load });
    }
  }

  const latencies: Latencies[] = [];
  for (const plan of revocationPlans()) latencies.push(await revocationLatencies(tokens, popularity, plan));

  return {
    rows: [boundRow(latencies), ...hotRows(reads), ...costRows(settings, lineBytes)],
    tables: [
      readsTable(reads),
      gatewayTable(loads),
      latencyTable(latencies),
      costTable(settings, lineBytes),
      partsTable(settings, lineBytes),
    ],
    plots: [readsPlot(reads), latencyPlot(latencies), costPlot(settings)],
  };
});

function revocationPlans(): RevocationPlan[] {
  const both = (plan: Omit<RevocationPlan, 'drawn'>): RevocationPlan[] => [
    { ...plan, drawn: 'by traffic' },
    { ...plan, drawn: 'evenly' },
  ];
  const pairs = [
    [5, 0],
    [60, 0],
    [60, 5],
    [60, 60],
    [300, 0],
    [300, 60],
  ] as const;
  return [
    ...STALENESSES.flatMap((staleness) =>
      both({ resultTtl: 0, staleness, revocations: sized(1000, 100), instances: 20 }),
    ),
    ...[1, RECOMMENDED].flatMap((staleness) =>
      both({ resultTtl: 0, staleness, revocations: sized(20, 3), instances: INSTANCES }),
    ),
    ...pairs.flatMap(([resultTtl, staleness]) =>
      both({ resultTtl, staleness, revocations: sized(2000, 100), instances: 16 }),
    ),
  ];
}

function boundRow(latencies: readonly Latencies[]): Row {
  const worst = latencies
    .map(({ bound, perRevocation }) => ({ bound, latency: perRevocation.at(-1) ?? Number.NaN }))
    // Where the bound is the next request, any latency at all is too long.
    .map(({ bound, latency }) => ({ bound, latency, ratio: latency === 0 ? 0 : latency / bound }))
    .toSorted((a, b) => b.ratio - a.ratio)[0];
  if (worst === undefined) throw new RangeError('no revocation was looked at');
  const revocations = latencies.reduce((sum, { plan }) => sum + plan.revocations, 0);
  const over = latencies.flatMap(({ bound, perRevocation }) => perRevocation.filter((latency) => latency > bound));
  return {
    item: '8 revocation latency, worst seen / published bound',
    unit: 's',
    ours: exactly(worst.latency),
    peer: { name: 'published bound', value: exactly(worst.bound) },
    ratio: exactly(worst.ratio),
    target: { atMost: 1 },
    note: `${over.length} of ${revocations.toLocaleString('en-US')} revocations were over the bound; the row shows the one that came closest to its own`,
  };
}

function hotRows(reads: readonly FleetReads[]): Row[] {
  const row = (one: FleetReads, item: string, rate: Rate, rest: Pick<Row, 'target' | 'note'>): Row => ({
    item: `8 ${item} at a staleness of ${one.staleness} s / one partition`,
    unit: 'reads/s',
    ours: spreadOfRate(rate, 1),
    peer: { name: 'read units of a partition', value: exactly(PARTITION_LIMIT) },
    ratio: spreadOfRate(rate, PARTITION_LIMIT),
    ...rest,
  });
  const at = (staleness: number): FleetReads | undefined => reads.find((one) => one.staleness === staleness);
  const [none, recommended] = [at(0), at(RECOMMENDED)];
  if (none === undefined || recommended === undefined) throw new RangeError('these were not simulated');
  const hottest = [recommended.token, recommended.client, recommended.ring].toSorted(
    (a, b) => b.perSecond - a.perSecond,
  )[0];
  return [
    row(recommended, 'hottest item', hottest ?? recommended.client, {
      target: { atMost: 1 },
      note: `a busy token costs ${INSTANCES.toLocaleString('en-US')} / staleness reads a second, so it fits from 3.3 s on; each busy token of one client adds as much to that client's item`,
    }),
    row(recommended, 'client of the ten busiest tokens', recommended.concentrated, {
      note: 'no target: the client item is read with each of its tokens, and ten busy tokens in one client need over 30 s, a result TTL, or ten clients',
    }),
    row(none, 'hottest item', none.token, {
      note: 'no target: without staleness the fleet may decide 3,000 times a second for one client, and is throttled beyond; a fault, never an allowance',
    }),
  ];
}

function costRows(settings: readonly Setting[], lineBytes: number): Row[] {
  const cost = (resultTtl: number, staleness: number): number => {
    const setting = settings.find((one) => one.resultTtl === resultTtl && one.staleness === staleness);
    if (setting === undefined) throw new RangeError('this was not simulated');
    const { lambda, reads } = costOf(setting.work, lineBytes);
    return lambda + reads;
  };
  const defaults = exactly(cost(0, 0));
  return [
    [0, RECOMMENDED],
    [5, 0],
  ].map(([resultTtl = 0, staleness = 0]) => ({
    item: `8 a million requests, result TTL ${resultTtl} s and staleness ${staleness} s / the defaults`,
    unit: 'dollars',
    ours: exactly(cost(resultTtl, staleness)),
    peer: { name: 'the defaults, 0 and 0', value: defaults },
    ratio: exactly(cost(resultTtl, staleness) / defaults.median),
    note: 'Lambda and reads at list prices, without the price of the API; for information',
  }));
}

/** The middle half of where the rate lies, by the standard error of the sample. */
function spreadOfRate({ perSecond, error }: Rate, unit: number): Spread {
  const half = Number.isFinite(error) ? 0.674 * error : 0;
  const [median, low, high] = [perSecond / unit, (perSecond - half) / unit, (perSecond + half) / unit];
  return { median, low, high, count: SAMPLE.instances };
}

function exactly(value: number): Spread {
  return { median: value, low: value, high: value, count: 1 };
}

/** What `APIKEY_LOG=json` writes of such decisions, with the end of the line. */
function meanLineBytes(reports: Parameters<NonNullable<ReturnType<typeof decisionLines>>>[0][]): number {
  let bytes = 0;
  const settings = { log: true, metrics: undefined, functionName: '', trackUsage: false };
  const write = decisionLines(
    settings,
    (line) => (bytes += line.length + 1),
    () => 0,
  );
  for (const report of reports) write?.(report);
  return bytes / reports.length;
}
