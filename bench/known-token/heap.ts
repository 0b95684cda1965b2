/** What decisions leave behind in memory: the heap after some of them, and after ten times as many. */
import type { Issued } from '../first-sight/issue-tokens.ts';
import type { Way } from '../harness/rounds.ts';
import { authorizerOf, restPolicy } from './ways.ts';

export interface HeapUse {
  readonly what: string;
  readonly decisions: number;
  /** Bytes in use after so many decisions, and after ten times as many, once everything unused is gone. */
  readonly after: number;
  readonly afterTenfold: number;
}

/** Tokens that are all known, and tokens that come round so late that they have been forgotten. */
export async function heapUses(issued: Issued, known: number, forgotten: number): Promise<HeapUse[]> {
  const kept = restPolicy(authorizerOf(issued), issued.tokens);
  const cache = { tokens: 20, statuses: 20 };
  const dropped = restPolicy(authorizerOf(issued, { cache }), issued.tokens);
  return [
    await heapUse('known tokens', kept, known),
    await heapUse(`${issued.tokens.length} tokens in turn, room for ${cache.tokens}`, dropped, forgotten),
  ];
}

async function heapUse(what: string, way: Way, decisions: number): Promise<HeapUse> {
  await way(decisions);
  const after = await heapUsed();
  await way(9 * decisions);
  return { what, decisions, after, afterTenfold: await heapUsed() };
}

async function heapUsed(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('start this with --expose-gc');
  // What has a finalizer goes with the second collection.
  for (let n = 0; n < 2; n++) await globalThis.gc({ type: 'major', execution: 'async' });
  return process.memoryUsage().heapUsed;
}
