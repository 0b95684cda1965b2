/** The key ring as last read: young enough for liveness, or at least good enough to know which keys exist. */
import { isKid, type RingKey, type StatusReader } from '@apikey/shared';
import { secondsBetween, type Moment, type Timeline } from '../clock.ts';
import { checkRing } from '../registry-answers.ts';
import { recentEnough, SharedReads, type Answer, type Asker } from './shared-reads.ts';

export type RingKeys = ReadonlyMap<string, RingKey>;

/** An unknown `kid` makes the ring be read early, at most once in so many seconds. */
const EARLY_READ_SECONDS = 10;
const RING = 'ring';

export class RingCache {
  readonly #reader: StatusReader;
  readonly #timeline: Timeline;
  readonly #maxAge: number;
  readonly #reads: SharedReads<RingKeys>;
  #latest: Answer<RingKeys> | undefined;
  #lastEarlyRead: Moment | undefined;

  /** @param maxAge seconds that the ring may be old when a decision rests on it; 0 = every decision reads it */
  constructor(reader: StatusReader, maxAge: number, timeline: Timeline) {
    this.#reader = reader;
    this.#maxAge = maxAge;
    this.#timeline = timeline;
    this.#reads = new SharedReads(timeline);
  }

  /** The ring at hand, if it is young enough for this request. */
  fresh(arrived: Moment, now: Moment): RingKeys | undefined {
    const latest = this.#latest;
    return latest !== undefined && recentEnough(latest.sent, arrived, now, this.#maxAge) ? latest.value : undefined;
  }

  /** Reads the ring, or joins a read. Rejects with what the registry threw, or an `AuthorizerFault`. */
  async read(asker: Asker): Promise<RingKeys> {
    const send = async (signal: AbortSignal): Promise<RingKeys> => checkRing(await this.#reader.readKeyRing(signal));
    return this.#keep(await this.#reads.read(RING, asker, this.#maxAge, send));
  }

  /** The ring's entry for `kid`, of any age. Says which key to try a signature with, and nothing about liveness. */
  known(kid: string): RingKey | undefined {
    return this.#latest?.value.get(kid);
  }

  /**
   * Looks for a key that the ring at hand does not have. Made-up kids cost one read in ten seconds, whoever sends them and
   * however stale the ring may be.
   */
  async seek(kid: string, asker: Asker): Promise<RingKey | undefined> {
    if (!isKid(kid)) return undefined;
    const underway = this.#reads.underway(RING);
    if (underway !== undefined) return this.#keep(await underway).get(kid);
    if (this.#latest !== undefined) {
      const now = this.#timeline.now();
      if (this.#coolingDown(now)) return undefined;
      // Recorded before the read: neither while it is under way nor after it failed do others send one each.
      this.#lastEarlyRead = now;
    }
    return (await this.read(asker)).get(kid);
  }

  #coolingDown(now: Moment): boolean {
    return this.#lastEarlyRead !== undefined && secondsBetween(this.#lastEarlyRead, now) < EARLY_READ_SECONDS;
  }

  #keep(answer: Answer<RingKeys>): RingKeys {
    if (this.#latest === undefined || this.#latest.sent.order < answer.sent.order) this.#latest = answer;
    return answer.value;
  }
}
