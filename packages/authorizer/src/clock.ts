/** When something happened, told by two clocks and an order, so that no single clock decides how old a reading is. */

export interface AuthorizerClock {
  /** Milliseconds since 1970. May jump either way. */
  wall(): number;
  /** Milliseconds from any origin. Never goes back, but stands still while a Lambda function is frozen. */
  monotonic(): number;
}

export const systemClock: AuthorizerClock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
};

export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
  /** Raised each time the wall clock was seen to go back. */
  readonly era: number;
  /** Rises with every moment, so that of two moments in one millisecond it is known which came first. */
  readonly order: number;
}

/** One process's sequence of moments. */
export class Timeline {
  readonly #clock: AuthorizerClock;
  #lastWall = Number.NEGATIVE_INFINITY;
  #era = 0;
  #order = 0;

  constructor(clock: AuthorizerClock) {
    this.#clock = clock;
  }

  now(): Moment {
    const wall = this.#clock.wall();
    if (!(wall >= this.#lastWall)) this.#era += 1;
    this.#lastWall = wall;
    this.#order += 1;
    return { wall, monotonic: this.#clock.monotonic(), era: this.#era, order: this.#order };
  }
}

/**
 * Seconds between two moments: the larger of what the two clocks say, since either may have stood still. Infinite when the
 * wall clock went back in between, for then nobody knows.
 */
export function secondsBetween(earlier: Moment, later: Moment): number {
  const wall = later.wall - earlier.wall;
  const monotonic = later.monotonic - earlier.monotonic;
  const known = earlier.era === later.era && wall >= 0 && monotonic >= 0;
  return known ? Math.max(wall, monotonic) / 1000 : Number.POSITIVE_INFINITY;
}
