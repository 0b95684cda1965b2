/** Time and chance that a test decides: a clock that stands still, waits that take no time, bytes that repeat. */
import { createHash } from 'node:crypto';
import type { EpochMillis } from '../domain/records.ts';
import type { Clock, Delay, Entropy } from '../ports/clock.ts';

export interface FixedClock extends Clock {
  advance(milliseconds: number): void;
  set(millis: EpochMillis): void;
}

/** A clock that moves only when told to. The default is 2027-01-15T08:00:00Z. */
export function fixedClock(startMillis: EpochMillis = 1_800_000_000_000): FixedClock {
  let now = startMillis;
  return {
    now: () => now,
    advance: (milliseconds) => {
      now += milliseconds;
    },
    set: (millis) => {
      now = millis;
    },
  };
}

export interface InstantDelay extends Delay {
  /** Every wait that was asked for, in milliseconds. */
  readonly waits: readonly number[];
}

/** Waits without waiting: the clock, where given, is moved on by as much. */
export function instantDelay(clock?: FixedClock): InstantDelay {
  const waits: number[] = [];
  return {
    waits,
    wait: (milliseconds) => {
      waits.push(milliseconds);
      clock?.advance(milliseconds);
      return Promise.resolve();
    },
  };
}

/** The same sequence of ids and bytes for the same seed. */
export function seededEntropy(seed: string | number = 0): Entropy {
  let block = 0;
  const bytes = (count: number): Uint8Array => {
    const out = new Uint8Array(count);
    for (let offset = 0; offset < count; offset += 32) {
      const digest = createHash('sha256').update(`${seed}:${block}`).digest();
      block += 1;
      out.set(digest.subarray(0, Math.min(32, count - offset)), offset);
    }
    return out;
  };
  return {
    bytes,
    uuid: () => formatUuid(bytes(16)),
    fraction: () => Buffer.from(bytes(6)).readUIntBE(0, 6) / 2 ** 48,
  };
}

/** RFC 9562 section 5.4: version 4 and variant 10 in the bits that are theirs. */
function formatUuid(random: Uint8Array): string {
  const hex = Buffer.from(random).toString('hex');
  const variant = '89ab'.charAt((random[8] ?? 0) & 3);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}
