/** Chance that is the same in every run and on every machine: one stream of numbers for each name. */
import { createHash } from 'node:crypto';

/** xoshiro128**, by Blackman and Vigna, seeded with the hash of a name: streams of different names do not depend on each other. */
export class Chance {
  readonly #state: Uint32Array;

  constructor(name: string) {
    const digest = createHash('sha256').update(`fleet ${name}`).digest();
    this.#state = Uint32Array.from({ length: 4 }, (_, at) => digest.readUInt32LE(at * 4));
  }

  /** From 0 to 1, without 1. */
  uniform(): number {
    const state = this.#state;
    const [a = 0, b = 0, c = 0, d = 0] = state;
    const third = c ^ a;
    const fourth = d ^ b;
    state[1] = b ^ third;
    state[0] = a ^ fourth;
    state[2] = third ^ (b << 9);
    state[3] = rotate(fourth, 11);
    return (Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0) / 2 ** 32;
  }

  /** The time until the next of many independent events. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** Half of the values are below `median`; `sigma` is the standard deviation of their logarithm. */
  logNormal(median: number, sigma: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
    return median * Math.exp(sigma * normal);
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
