/** The key ring as last read: young enough for liveness, or at least good enough to know which keys exist. */
import { isKid, NotFoundError, type AgeLimits, type RingKey, type StatusReader } from '@apikey/shared';
import { secondsBetween, type Moment, type Timeline } from '../clock.ts';
import { AuthorizerFault } from '../fault.ts';
import { checkRing } from '../registry-answers.ts';
import { SharedReads, type Answer, type Asker } from './shared-reads.ts';
import { recentEnough, standsInAt } from './staleness.ts';

export type RingKeys = ReadonlyMap<string, RingKey>;

/** Unknown kids make the ring be read early, or again after a failure, at most once in so many seconds. */
const COOL_DOWN_SECONDS = 10;
const RING = 'ring';

export class RingCache {
  readonly #reader: StatusReader;
  readonly #timeline: Timeline;
  readonly #limits: AgeLimits;
  readonly #reads: SharedReads<RingKeys>;
  #latest: Answer<RingKeys> | undefined;
  #lastEarlyRead: Moment | undefined;
  /** The last read that failed, until one that was sent later succeeds. */
  #failure: { readonly begun: Moment; readonly error: unknown } | undefined;

  constructor(reader: StatusReader, limits: AgeLimits, timeline: Timeline) {
    this.#reader = reader;
    this.#limits = limits;
    this.#timeline = timeline;
    this.#reads = new SharedReads(timeline);
  }

  /** The ring at hand, if it is young enough for this request. */
  fresh(arrived: Moment, now: Moment): RingKeys | undefined {
    const latest = this.#latest;
    return latest !== undefined && recentEnough(latest.sent, arrived, now, this.#limits.maxAge)
      ? latest.value
      : undefined;
  }

  /** The last good ring, while `staleIfError` allows for it. */
  lastGood(now: Moment): RingKeys | undefined {
    const latest = this.#latest;
    return latest !== undefined && standsInAt(latest.sent, now, this.#limits) ? latest.value : undefined;
  }

  /** Reads the ring, or joins a read. Rejects with what the registry threw, or an `AuthorizerFault`. */
  async read(asker: Asker): Promise<RingKeys> {
    const send = async (signal: AbortSignal): Promise<RingKeys> => checkRing(await this.#reader.readKeyRing(signal));
    const begun = this.#timeline.now();
    try {
      return this.#keep(await this.#reads.read(RING, asker, this.#limits.maxAge, send));
    } catch (error) {
      if (!isNotSetUp(error)) this.#failure = { begun, error };
      throw error;
    }
  }

  /** The ring's entry for `kid`, of any age. Says which key to try a signature with, and nothing about liveness. */
  known(kid: string): RingKey | undefined {
    return this.#latest?.value.get(kid);
  }

  /**
   * Looks for a key that the ring at hand does not have. Only a ring that a decision may rest on can say that there is none;
   * where it is older than that, it is read. Forgers choose kids at will, so all who seek share one read at a time, a ring
   * that is young enough is read early at most once per cool-down, and after a failure the next read waits for one as well.
   */
  async seek(kid: string, asker: Asker): Promise<RingKey | undefined> {
    if (!isKid(kid)) return undefined;
    const underway = this.#reads.underway(RING);
    const found = underway === undefined ? undefined : this.#keep(await underway).get(kid);
    if (found !== undefined) return found;
    const now = this.#timeline.now();
    if (this.fresh(asker.arrived, now) === undefined) {
      // A fault, not a denial: an old ring does not know of new keys.
      if (this.#failure !== undefined && isWithinCoolDown(this.#failure.begun, now)) throw this.#failure.error;
    } else {
      if (underway !== undefined || this.#wasReadFor(asker)) return undefined;
      if (this.#lastEarlyRead !== undefined && isWithinCoolDown(this.#lastEarlyRead, now)) return undefined;
      // Recorded before the read: neither while it is under way nor after it failed do others send one each.
      this.#lastEarlyRead = now;
    }
    return (await this.read(asker)).get(kid);
  }

  #wasReadFor({ arrived }: Asker): boolean {
    return this.#latest !== undefined && this.#latest.sent.order > arrived.order;
  }

  #keep(answer: Answer<RingKeys>): RingKeys {
    if (this.#failure !== undefined && this.#failure.begun.order < answer.sent.order) this.#failure = undefined;
    // Answers may arrive in another order than their reads were sent; the younger read knows better.
    if (this.#latest !== undefined && this.#latest.sent.order >= answer.sent.order) return this.#latest.value;
    this.#latest = answer;
    return answer.value;
  }
}

function isWithinCoolDown(begun: Moment, now: Moment): boolean {
  return secondsBetween(begun, now) < COOL_DOWN_SECONDS;
}

/** The registry answers, and has no ring yet: a token must work as soon as there is one. */
function isNotSetUp(error: unknown): boolean {
  return error instanceof NotFoundError || (error instanceof AuthorizerFault && error.code === 'RING_MISSING');
}
