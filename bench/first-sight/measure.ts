/** `node measure.ts TOKENS ROUNDS MILLIS`: measures every algorithm on the Node that runs it, and prints a `Measured`. */
import { supportsAlg, type SigningAlg } from '@apikey/shared';
import { runInTurns, type Rounds, type Way } from '../harness/rounds.ts';
import { bareOf } from './bare.ts';
import { issueTokens } from './issue-tokens.ts';
import { ALGS, type AlgTimings, type Measured, type MeasuredAlg, type WayName } from './measured.ts';
import { decision, decisionAtHand, verification, warmUp } from './ours.ts';
import { peersOf } from './peers.ts';

const [tokens = 300, rounds = 30, millis = 30] = process.argv.slice(2).map(Number);
/** Runs before the first round: for our own code and each library to be compiled, and then for each algorithm. */
const FIRST_WARM_UP = 1000;
const WARM_UP = 200;

const byAlg: Partial<Record<MeasuredAlg, AlgTimings>> = {};
for (const alg of ALGS.filter((name) => supportsAlg(name))) {
  byAlg[alg] = await measure(alg, tokens, { rounds, millis });
}
process.stdout.write(JSON.stringify({ node: process.version, byAlg } satisfies Measured));

async function measure(alg: SigningAlg, count: number, size: Rounds): Promise<AlgTimings> {
  const issued = await issueTokens(alg, count);
  const ways: Readonly<Partial<Record<WayName, Way>>> = {
    verification: verification(alg, issued),
    'status at hand': decisionAtHand(issued),
    decision: decision(issued),
    ...bareOf(alg, issued),
    ...(await peersOf(alg, issued)),
  };
  await warmUp(ways, alg === ALGS[0] ? FIRST_WARM_UP : WARM_UP);
  return runInTurns<string>(ways, size);
}
