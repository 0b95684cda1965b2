/** `/authorize` of the gateway, under load, beside the same server answering 200 without looking. */
import { join } from 'node:path';
import {
  CONNECTIONS,
  load,
  startServer,
  wrkVersion,
  type Load,
  type ServerProcess,
  type Target,
} from '../gateway/load.ts';
import { makeWorld, STALENESS, type World } from '../gateway/world.ts';
import { bench, quick, sized } from '../harness/item.ts';
import type { Outcome, Row, Table } from '../harness/outcome.ts';
import { spreadText } from '../harness/print.ts';
import { quotients, shuffled } from '../harness/rounds.ts';
import { spreadOf, type Spread } from '../harness/spread.ts';

const BLIND = join(import.meta.dirname, '..', 'gateway', 'blind-server.ts');
/** As nginx asks for a request that it holds; see `examples/proxies/nginx.conf`. */
const NGINX = ['X-Original-Method: GET', 'X-Original-URI: /plans/1?x=2', 'X-Forwarded-For: 203.0.113.7'];
const COUNT = sized(1_000, 50);

const HONO = 'Hono, 200 to everybody';
const WARM = `a known token, status at most ${STALENESS} s old`;
const FRESH = 'a known token, every decision reads SQLite';

/** What is compared with each other, in many rounds. */
function compared({ tokens, gateway }: World): Record<string, Target> {
  return {
    [HONO]: { server: [BLIND, 'hono'], tokens: tokens.one },
    [WARM]: { server: gateway(STALENESS), tokens: tokens.one },
    ...(quick ? {} : { 'node:http, 200 to everybody': { server: [BLIND, 'http'], tokens: tokens.one } }),
  };
}

/** What a reader may ask about next, in a few rounds. */
function besides({ tokens, gateway }: World): Record<string, Target> {
  const trusting = gateway(STALENESS, '--trust-proxy', '127.0.0.1/32');
  return {
    [HONO]: { server: [BLIND, 'hono'], tokens: tokens.one },
    [`${COUNT.toLocaleString('en-US')} tokens in turn, each read once in a run`]: {
      server: gateway(STALENESS),
      tokens: tokens.all,
    },
    'a revoked token': { server: gateway(STALENESS), tokens: tokens.revoked, denied: true },
    'as nginx asks, with --trust-proxy': { server: trusting, tokens: tokens.one, headers: NGINX },
    'with --log json': { server: gateway(STALENESS, '--log', 'json'), tokens: tokens.one },
    [FRESH]: { server: gateway(0), tokens: tokens.one },
  };
}

type Loads = ReadonlyMap<string, readonly Load[]>;

/** One wrk at a time, each target once in a round, in another order each time: entries of one place are neighbours in time. */
async function loadInTurns(
  targets: Readonly<Record<string, Target>>,
  env: NodeJS.ProcessEnv,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<Loads> {
  await using servers = new AsyncDisposableStack();
  const started: { name: string; target: Target; server: ServerProcess }[] = [];
  const loads = new Map<string, Load[]>();
  for (const [name, target] of Object.entries(targets)) {
    const server = servers.use(await startServer(target.server, env));
    started.push({ name, target, server });
    loads.set(name, []);
    await load(server, target, 1);
  }
  for (let round = 0; round < rounds; round++) {
    for (const { name, target, server } of shuffled(started)) {
      loads.get(name)?.push(await load(server, target, seconds));
    }
  }
  return loads;
}

function of(loads: Loads, name: string, member: keyof Load): number[] {
  return (loads.get(name) ?? []).map((each) => each[member]);
}

function ratio(loads: Loads, name: string, member: keyof Load): Spread {
  return quotients(of(loads, name, member), of(loads, HONO, member));
}

function rowOf(loads: Loads, what: string, name: string): Row {
  return {
    item: `7 /authorize, ${what}`,
    unit: 'requests/s',
    ours: spreadOf(of(loads, name, 'perSecond')),
    peer: { name: HONO, value: spreadOf(of(loads, HONO, 'perSecond')) },
    ratio: ratio(loads, name, 'perSecond'),
  };
}

function tableOf(title: string, loads: Loads): Table {
  return {
    title: `${title}; ${CONNECTIONS} connections, so that a request waits for most of the others`,
    columns: ['asked', 'requests/s', 'of Hono', 'server µs a request', 'p50 ms', 'p99 ms'],
    rows: [...loads.keys()].map((name) => [
      name,
      spreadText(spreadOf(of(loads, name, 'perSecond'))),
      spreadText(ratio(loads, name, 'perSecond')),
      spreadText(spreadOf(of(loads, name, 'cpuMicros'))),
      spreadText(spreadOf(of(loads, name, 'p50'))),
      spreadText(spreadOf(of(loads, name, 'p99'))),
    ]),
  };
}

async function measure(): Promise<Outcome> {
  const wrk = wrkVersion();
  if (wrk === undefined) {
    process.stdout.write('not measured: wrk is not installed (apt-get install wrk)\n');
    return { rows: [] };
  }
  await using world = await makeWorld(COUNT);
  const main = await loadInTurns(
    compared(world),
    world.env,
    quick ? { rounds: 4, seconds: 1 } : { rounds: 12, seconds: 2 },
  );
  const more = quick ? undefined : await loadInTurns(besides(world), world.env, { rounds: 4, seconds: 1 });
  const note =
    `${wrk}, one thread, ${CONNECTIONS} connections; server and wrk take one core each. The peer is the same Hono on the ` +
    'same @hono/node-server, which sends the headers that the gateway sends (Cache-Control, X-Client-Id, X-Token-Id, ' +
    'X-Scopes) and looks at none. The gateway runs as `apikey serve` does: it counts every decision, and logs none ' +
    'unless it is told to.';
  const rows: Row[] = [
    { ...rowOf(main, 'warm status', WARM), target: { atLeast: 0.8 }, note },
    {
      item: '7 /authorize, warm status, p99',
      unit: 'ms',
      ours: spreadOf(of(main, WARM, 'p99')),
      peer: { name: HONO, value: spreadOf(of(main, HONO, 'p99')) },
      ratio: ratio(main, WARM, 'p99'),
    },
    ...(more === undefined ? [] : [rowOf(more, 'every decision reads SQLite', FRESH)]),
  ];
  const tables = [
    tableOf('/authorize beside servers that do not look', main),
    ...(more === undefined ? [] : [tableOf('/authorize, asked in other ways', more)]),
  ];
  return { rows, tables };
}

await bench('gateway', measure);
