/** From the start of a process to its first decision, against DynamoDB and KMS on loopback: apikey's function and a peer's. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ALLOW, startEndpoint, TABLE } from '../cold-start/endpoint.ts';
import { issueOne } from '../cold-start/issued.ts';
import { coldStart, type Handler, type Start } from '../cold-start/starts.ts';
import { AUDIENCE, ISSUER } from '../harness/acting.ts';
import { bench, sized } from '../harness/item.ts';
import type { Outcome, Row } from '../harness/outcome.ts';
import { digits, spreadText } from '../harness/print.ts';
import { quotients, runInTurns } from '../harness/rounds.ts';
import { spreadOf } from '../harness/spread.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

const NAMES = ['node', 'fetched', 'pinned', 'peer', 'defaults'] as const;
type Name = (typeof NAMES)[number];

const TITLES: Readonly<Record<Name, string>> = {
  node: 'Node alone: a handler without code',
  fetched: 'apikey',
  pinned: 'apikey, pinned keys',
  peer: 'jose + AWS SDK, bundled the same way',
  defaults: 'jose + AWS SDK, bundled by defaults',
};

async function measure(): Promise<Outcome> {
  using endpoint = await startEndpoint();
  const folder = await mkdtemp(join(tmpdir(), 'apikey-bench-cold-start-'));
  try {
    await run(process.execPath, [join(ROOT, 'packages/authorizer/build-function.mjs'), join(folder, 'function')]);
    const { stdout } = await run(process.execPath, [join(ROOT, 'bench/cold-start/bundle-peer.mjs'), folder]);
    const zips = JSON.parse(stdout) as { alike: number; defaults: number };
    const own = (await stat(join(folder, 'function', 'apikey-authorizer.zip'))).size;
    const { token, jwks } = await issueOne(endpoint);
    return outcome(await startAll(handlers(folder, endpoint.env, token, jwks)), {
      node: undefined,
      fetched: own,
      pinned: own,
      peer: zips.alike,
      defaults: zips.defaults,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function handlers(
  folder: string,
  aws: Readonly<Record<string, string>>,
  token: string,
  jwks: string,
): Record<Name, Handler> {
  const methodArn = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET/plans/1';
  const EVENT = JSON.stringify({ type: 'TOKEN', methodArn, authorizationToken: `Bearer ${token}` });
  const theirs = { ...aws, EVENT, TABLE, ISSUER, AUDIENCE };
  const ours = {
    ...aws,
    EVENT,
    _HANDLER: 'index.rest',
    APIKEY_TABLE: TABLE,
    APIKEY_ISSUER: ISSUER,
    APIKEY_AUDIENCE: AUDIENCE,
  };
  const built = join(folder, 'function', 'index.mjs');
  return {
    node: { file: join(ROOT, 'bench/cold-start/nothing.mjs'), env: theirs },
    fetched: { file: built, env: { ...ours, APIKEY_KEYS_ALLOW: ALLOW } },
    pinned: { file: built, env: { ...ours, APIKEY_JWKS: jwks } },
    peer: { file: join(folder, 'alike', 'index.mjs'), env: theirs },
    defaults: { file: join(folder, 'defaults', 'index.mjs'), env: theirs },
  };
}

/** One start of each in every round; entries of one place are neighbours in time. */
async function startAll(by: Record<Name, Handler>): Promise<Record<Name, readonly Start[]>> {
  const starts: Record<Name, Start[]> = { node: [], fetched: [], pinned: [], peer: [], defaults: [] };
  const way = (name: Name): ReturnType<typeof coldStart> => coldStart(by[name], starts[name]);
  const ways = {
    node: way('node'),
    fetched: way('fetched'),
    pinned: way('pinned'),
    peer: way('peer'),
    defaults: way('defaults'),
  };
  const rounds = sized(60, 8);
  // A single start takes longer than this. Its own stopwatch ends with the answer, not with the end of the process.
  await runInTurns(ways, { rounds, millis: 1 });
  for (const name of NAMES) starts[name].splice(0, starts[name].length - rounds);
  return starts;
}

function outcome(starts: Record<Name, readonly Start[]>, zips: Readonly<Record<Name, number | undefined>>): Outcome {
  const whole = (name: Name): number[] => starts[name].map((start) => start.whole);
  const row = (item: string, name: Name, atMost: number): Row => ({
    item,
    unit: 'ms',
    ours: spreadOf(whole(name)),
    peer: { name: TITLES.peer, value: spreadOf(whole('peer')) },
    ratio: quotients(whole(name), whole('peer')),
    target: { atMost },
  });
  const median = (name: Name, of: (start: Start) => number): number => spreadOf(starts[name].map(of)).median;
  return {
    rows: [row('3 cold start', 'fetched', 0.75), row('3 cold start, pinned keys', 'pinned', 0.6)],
    tables: [
      {
        title: 'Cold start: from the start of the process to its first decision',
        columns: [
          '',
          'ms',
          'beside the peer',
          'over Node alone, ms',
          'loading, ms',
          'deciding, ms',
          'memory, MB',
          'zip, KB',
        ],
        rows: NAMES.map((name) => [
          TITLES[name],
          spreadText(spreadOf(whole(name))),
          spreadText(quotients(whole(name), whole('peer'))),
          digits(spreadOf(whole(name).map((time, round) => time - (whole('node')[round] ?? Number.NaN))).median),
          digits(median(name, ({ load }) => load)),
          digits(median(name, ({ decision }) => decision)),
          digits(median(name, ({ rss }) => rss / 1e6)),
          zips[name] === undefined ? '' : digits(zips[name] / 1e3),
        ]),
      },
    ],
  };
}

await bench('cold-start', measure);
