/** What is known of this host's clock while a command runs: by how much the services that it talks to contradict it. */
import type { Clock, ClockEvidence } from '@apikey/shared';

export class HostClock implements ClockEvidence {
  readonly checked: boolean;
  #skew: number | undefined;

  /** @param checked the flag `--clock-checked` was given */
  constructor(checked: boolean) {
    this.checked = checked;
  }

  skew(): number | undefined {
    return this.#skew;
  }

  /** Keeps the newest. Milliseconds. */
  readonly onSkew = (skew: number): void => {
    this.#skew = skew;
  };
}

/** How adapters read the skew: by this clock, and whom they tell of it. */
export interface SkewWatch {
  readonly clock: Clock;
  readonly onSkew?: (skew: number) => void;
}
