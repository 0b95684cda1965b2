/** How long the built command takes from the start of its process to its end, beside a process that does nothing. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apikey, issue, jtiOf, runNode, type Home } from '../command-line/commands.ts';
import { bench, sized } from '../harness/item.ts';
import type { Outcome, Row } from '../harness/outcome.ts';
import { quotients, runInTurns, type Timings, type Way } from '../harness/rounds.ts';
import { spreadOf } from '../harness/spread.ts';

/** Tokens that `list` has to show. */
const LISTED = 10;
const ROUNDS = sized(40, 5);
/** Every way is run once for each round, and a few times before them to find out how long it takes. */
const SPARE = 3;

type Name = 'node' | 'help' | 'issue' | 'first' | 'list' | 'show' | 'verify' | 'revoke';

async function measure(): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'apikey-bench-command-line-'));
  try {
    return outcome(await inTurns(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function inTurns(folder: string): Promise<Timings<Name>> {
  const homeAt = async (name: string): Promise<Home> => {
    await mkdir(join(folder, name));
    return { folder: join(folder, name) };
  };
  // Apart, so that no command finds more tokens in the last round than in the first.
  const [issuing, reading, revoking] = [await homeAt('issuing'), await homeAt('reading'), await homeAt('revoking')];
  await issue(issuing);
  const read: string[] = [];
  for (let count = 0; count < LISTED; count++) read.push(await issue(reading));
  const [token = ''] = read;
  const unused: string[] = [];
  for (let count = 0; count < ROUNDS + SPARE; count++) unused.push(jtiOf(await issue(revoking)));
  const bare: Home[] = [];
  for (let count = 0; count < ROUNDS + SPARE; count++) bare.push(await homeAt(`bare-${count}`));

  const ways: Record<Name, Way> = {
    node: each(() => runNode(['-e', '0'], reading)),
    help: each(() => apikey(['--help'], reading)),
    issue: each(() => issue(issuing)),
    first: each(() => issue(taken(bare))),
    list: each(() => apikey(['list'], reading)),
    show: each(() => apikey(['show', jtiOf(token)], reading)),
    verify: each(() => apikey(['verify'], reading, `${token}\n`)),
    revoke: each(() => apikey(['revoke', taken(unused), '--yes'], revoking)),
  };
  // Each of them takes longer than this, and so is run once in a round.
  return runInTurns(ways, { rounds: ROUNDS, millis: 1 });
}

function each(run: () => Promise<unknown>): Way {
  return async (times) => {
    for (let count = 0; count < times; count++) await run();
  };
}

function taken<T>(list: T[]): T {
  const value = list.pop();
  if (value === undefined) throw new RangeError('used up');
  return value;
}

function outcome(timings: Timings<Name>): Outcome {
  const row = (item: string, name: Name, target?: Row['target']): Row => ({
    item,
    unit: 'ms',
    ours: spreadOf(timings[name].map(toMillis)),
    peer: { name: 'node -e 0', value: spreadOf(timings.node.map(toMillis)) },
    ratio: quotients(timings[name], timings.node),
    ...(target === undefined ? {} : { target }),
  });
  return {
    rows: [
      row('4 apikey --help', 'help', { atMost: 1.7 }),
      row('4 apikey issue, embedded', 'issue', { atMost: 3 }),
      row('4 apikey issue, the very first', 'first'),
      row(`4 apikey list, ${LISTED} tokens`, 'list'),
      row('4 apikey show', 'show'),
      row('4 apikey verify', 'verify'),
      row('4 apikey revoke', 'revoke'),
    ],
  };
}

function toMillis(micros: number): number {
  return micros / 1000;
}

await bench('command-line', measure);
