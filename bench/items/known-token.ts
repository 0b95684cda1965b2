/** The whole decision about a known token with a fresh status, beside fast-jwt with its cache, which checks no revocation. */
import { issueTokens } from '../first-sight/issue-tokens.ts';
import { warmUp } from '../first-sight/ours.ts';
import { bench, sized } from '../harness/item.ts';
import type { Row, Table } from '../harness/outcome.ts';
import { digits } from '../harness/print.ts';
import { quotients, runInTurns, type Timings } from '../harness/rounds.ts';
import { spreadOf, type Spread } from '../harness/spread.ts';
import { heapUses, type HeapUse } from '../known-token/heap.ts';
import { knownWays, type KnownName } from '../known-token/ways.ts';

/** As many partners as an API may have, and a tenth of what the cache of fast-jwt holds. */
const TOKENS = 100;
/** Runs before the first round, for the compiler to settle. */
const WARM_UP = 10_000;
const PEER = 'fast-jwt, cached';

await bench('known-token', async () => {
  const issued = await issueTokens('ES256', TOKENS);
  // First: what the compiler has not settled yet would count as growth.
  const ways = knownWays(issued);
  await warmUp(ways, WARM_UP);
  const timings = await runInTurns(ways, { rounds: sized(60, 12), millis: sized(50, 25) });
  const heaps = await heapUses(issued, sized(30_000, 10_000), sized(3_000, 500));
  return {
    rows: [
      {
        ...row(timings, 'routes', 'decision with routes'),
        note: 'the peer checks neither revocation, client nor routes',
      },
      {
        ...row(timings, 'REST policy', 'decision, routes and REST policy'),
        target: { atLeast: 1.2 },
        note: 'ours takes an event of API Gateway and makes its policy; the peer is the bare call with the token',
      },
      ...heaps.map(heapRow),
    ],
    tables: [tableOf(timings)],
  };
});

function row(timings: Timings<KnownName>, our: KnownName, what: string): Row {
  return {
    item: `2 known token: ${what}`,
    unit: 'µs',
    ours: spreadOf(timings[our]),
    peer: { name: PEER, value: spreadOf(timings[PEER]) },
    ratio: quotients(timings[PEER], timings[our]),
  };
}

function tableOf(timings: Timings<KnownName>): Table {
  const names = Object.keys(timings) as KnownName[];
  return {
    title: 'A known token with a fresh status',
    columns: ['what', 'µs', 'fast-jwt, cached, takes times as long'],
    rows: names.map((name) => [
      name,
      digits(spreadOf(timings[name]).median),
      digits(quotients(timings[PEER], timings[name]).median),
    ]),
  };
}

function heapRow({ what, decisions, after, afterTenfold }: HeapUse): Row {
  return {
    item: `2 heap after ${10 * decisions} decisions beside ${decisions}: ${what}`,
    unit: 'MB',
    ours: single(afterTenfold / 1e6),
    peer: { name: 'before', value: single(after / 1e6) },
    ratio: single(afterTenfold / after),
    target: { atMost: 1.02 },
  };
}

function single(value: number): Spread {
  return { median: value, low: value, high: value, count: 1 };
}
