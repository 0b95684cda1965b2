/** Lets concurrent requests share one read, but never one that is older than the request may rely on. */
import type { Moment, Timeline } from '../clock.ts';
import { attemptUntil, JOINING_SLACK_MILLIS, type Read } from './attempts.ts';
import { recentEnough } from './staleness.ts';

/** The request on whose behalf something is read. */
export interface Asker {
  readonly arrived: Moment;
  /** When its decision must be over; see `decisionDeadline`. */
  readonly deadline: number;
}

export interface Answer<T> {
  readonly value: T;
  /** When the read was sent that gave the value. The source may have changed at any time since. */
  readonly sent: Moment;
}

interface Flight<T> {
  /** When the attempt that is under way was sent. */
  readonly latest: { sent: Moment };
  readonly deadline: number;
  readonly answer: Promise<Answer<T>>;
}

/** Reads in flight, by key. Nothing is kept of a read that is over. */
export class SharedReads<T> {
  readonly #timeline: Timeline;
  readonly #flights = new Map<string, Flight<T>>();

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  get size(): number {
    return this.#flights.size;
  }

  /** The answer of any read in flight, however old. */
  underway(key: string): Promise<Answer<T>> | undefined {
    return this.#flights.get(key)?.answer;
  }

  /** Joins a read that is recent enough and will be over in time, or sends one. */
  read(key: string, asker: Asker, maxAge: number, read: Read<T>): Promise<Answer<T>> {
    const flight = this.#flights.get(key);
    if (flight !== undefined && flight.deadline <= asker.deadline + JOINING_SLACK_MILLIS) {
      if (recentEnough(flight.latest.sent, asker.arrived, this.#timeline.now(), maxAge)) return flight.answer;
    }
    // The first attempt is sent before this returns, and says when.
    const latest = { sent: asker.arrived };
    const answer = this.#send(key, latest, asker.deadline, read);
    this.#flights.set(key, { latest, deadline: asker.deadline, answer });
    return answer;
  }

  async #send(key: string, latest: { sent: Moment }, deadline: number, read: Read<T>): Promise<Answer<T>> {
    const onSend = (): void => {
      latest.sent = this.#timeline.now();
    };
    try {
      const value = await attemptUntil(deadline, read, onSend);
      return { value, sent: latest.sent };
    } finally {
      if (this.#flights.get(key)?.latest === latest) this.#flights.delete(key);
    }
  }
}
