/** The time of one instance, and a registry that takes time to answer. Nobody waits: the clock is set to when the answer came. */
import type { StatusReader } from '@apikey/shared';
import type { Chance } from './chance.ts';
import { readMillis } from './model.ts';
import { START, type ModelRegistry } from './registry.ts';

export class VirtualClock {
  /** Milliseconds since virtual time began. */
  now = 0;

  wall(): number {
    return START * 1000 + this.now;
  }

  monotonic(): number {
    return this.now;
  }

  reach(moment: number): void {
    this.now = Math.max(this.now, moment);
  }
}

/** Told of each read when it is sent. */
export interface ReadCounter {
  status(jti: string): void;
  ring(): void;
}

/**
 * Reads `registry` on virtual time. An instance of Lambda handles one request at a time, so that the clock may be set while
 * a decision waits. What the registry holds is seen at some moment between the sending of a read and its answer.
 */
export function slowReader(
  registry: ModelRegistry,
  clock: VirtualClock,
  chance: Chance,
  counter: ReadCounter,
): StatusReader {
  const answerAfter = async <T>(look: (seen: number) => T): Promise<T> => {
    const sent = clock.now;
    const took = readMillis(chance);
    const answer = look(sent + took * chance.uniform());
    // What is asked at the same moment has been sent before the clock goes on.
    await Promise.resolve();
    clock.reach(sent + took);
    return answer;
  };
  return {
    readStatus: (jti) => {
      counter.status(jti);
      return answerAfter((seen) => registry.statusAt(jti, seen));
    },
    readKeyRing: () => {
      counter.ring();
      return answerAfter(() => registry.ring);
    },
  };
}

/**
 * Ends the turn of Node's event loop, to be called between decisions now and then. Virtual time takes no turns of its own, and
 * what a turn has touched by weak references, as abort signals do, is kept until it ends.
 */
export async function endTurn(): Promise<void> {
  await new Promise((resume) => setImmediate(resume));
}
