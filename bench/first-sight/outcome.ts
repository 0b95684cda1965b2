/** Turns what was measured into rows, with a target each, and one table for each Node. */
import type { Row, Table } from '../harness/outcome.ts';
import { digits } from '../harness/print.ts';
import { quotients } from '../harness/rounds.ts';
import { spreadOf } from '../harness/spread.ts';
import { ALGS, type AlgTimings, type Measured, type WayName } from './measured.ts';
import { PEERS } from './peers.ts';

const OURS = ['verification', 'status at hand', 'decision'] as const;
type Ours = (typeof OURS)[number];
const COLUMNS: readonly WayName[] = [...OURS, 'crypto.verify', 'crypto.verify, DER', ...PEERS];
const BESIDE_RUNTIME = { atLeast: 1.25 };
const BESIDE_PEERS = { atLeast: 1 };

/** The rows of the Node that runs the benchmarks: beside the runtime itself, and beside the fastest library. */
export function mainRows(measured: Measured): Row[] {
  const es256 = measured.byAlg.ES256 ?? {};
  const besideRuntime = (ours: Ours): Row[] => row(`ES256, ${ours}, beside the runtime`, es256, ours, 'crypto.verify');
  return [
    ...(['verification', 'status at hand'] as const)
      .flatMap((ours) => besideRuntime(ours))
      .map((each) => ({ ...each, target: BESIDE_RUNTIME, note: RUNTIME_NOTE })),
    ...besideRuntime('decision').map((each) => ({ ...each, note: READ_NOTE })),
    ...peerRows(measured, 'verification'),
    ...peerRows(measured, 'status at hand').map((each) => ({ ...each, note: DECISION_NOTE })),
  ];
}

const RUNTIME_NOTE =
  'the runtime is crypto.verify with dsaEncoding ieee-p1363 on bytes taken apart before, and nothing else';
const READ_NOTE =
  'for information: the whole decision, with a read of the status that is awaited, from a registry in memory';
const DECISION_NOTE =
  'the whole decision with the status in memory; the libraries know no status, no ring and no hash of the payload';

/** One row for each algorithm, beside the library that is the fastest with it. */
export function peerRows({ node, byAlg }: Measured, ours: Ours): Row[] {
  const major = node.replace(/^v(\d+).*/, '$1');
  const rows = ALGS.flatMap((alg) => {
    const timings = byAlg[alg] ?? {};
    const best = bestPeer(timings);
    return best === undefined ? [] : row(`${alg}, ${ours}, Node ${major}`, timings, ours, best);
  });
  return rows.map((each) => ({ ...each, target: BESIDE_PEERS }));
}

function row(what: string, timings: AlgTimings, our: Ours, their: WayName): Row[] {
  const ours = timings[our];
  const theirs = timings[their];
  if (ours === undefined || theirs === undefined) return [];
  const peer = { name: their, value: spreadOf(theirs) };
  const item = `1 first sight of a token, ${what}`;
  return [{ item, unit: 'µs', ours: spreadOf(ours), peer, ratio: quotients(theirs, ours) }];
}

function bestPeer(timings: AlgTimings): WayName | undefined {
  const median = (name: WayName): number => spreadOf(timings[name] ?? [Number.POSITIVE_INFINITY]).median;
  return PEERS.filter((name) => timings[name] !== undefined).toSorted((a, b) => median(a) - median(b))[0];
}

export function tableOf({ node, byAlg }: Measured): Table {
  return {
    title: `First sight of a token on Node ${node}: µs, and how many times as long as our verification`,
    columns: ['algorithm', ...COLUMNS],
    rows: ALGS.map((alg) => [alg, ...COLUMNS.map((name) => cell(byAlg[alg], name))]),
  };
}

/** `no` = not supported, by the library or by this Node; empty = there is no such form. */
function cell(timings: AlgTimings | undefined, name: WayName): string {
  const theirs = timings?.[name];
  const ours = timings?.verification;
  if (ours === undefined) return 'no';
  if (theirs === undefined) return name === 'crypto.verify, DER' ? '' : 'no';
  const time = digits(spreadOf(theirs).median);
  return name === 'verification' ? time : `${time} (${digits(quotients(theirs, ours).median)})`;
}
