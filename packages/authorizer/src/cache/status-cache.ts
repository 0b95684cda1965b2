/** What the registry said of tokens and their clients, kept no longer than the staleness that was agreed to. */
import type { AgeLimits, DenialReason, StatusReader } from '@apikey/shared';
import type { Moment, Timeline } from '../clock.ts';
import { readCheckedStatus, type CheckedStatus } from '../registry-answers.ts';
import { BoundedMap } from './bounded-map.ts';
import { SharedReads, type Answer, type Asker } from './shared-reads.ts';
import { recentEnough, standsInAt } from './staleness.ts';

export interface StatusCacheSettings {
  readonly reader: StatusReader;
  readonly limits: AgeLimits;
  /** Most statuses kept, and most dead tokens remembered. */
  readonly limit: number;
}

export interface KnownStatus extends Answer<CheckedStatus> {
  /** A decision based on it was that the token is live. */
  seenLive: boolean;
}

/** The token whose status is wanted; both from claims that a signature vouched for. */
export interface StatusQuestion {
  readonly jti: string;
  readonly client: string;
  /** Names the two together. */
  readonly key: string;
}

export class StatusCache {
  readonly #settings: StatusCacheSettings;
  readonly #reads: SharedReads<CheckedStatus>;
  readonly #known: BoundedMap<KnownStatus>;
  readonly #dead: BoundedMap<DenialReason>;

  constructor(settings: StatusCacheSettings, timeline: Timeline) {
    this.#settings = settings;
    this.#reads = new SharedReads(timeline);
    this.#known = new BoundedMap(settings.limit);
    this.#dead = new BoundedMap(settings.limit);
  }

  get sizes(): { readonly statuses: number; readonly dead: number; readonly statusReads: number } {
    return { statuses: this.#known.size, dead: this.#dead.size, statusReads: this.#reads.size };
  }

  /** The status at hand, if it is young enough for this request. */
  fresh(question: StatusQuestion, arrived: Moment, now: Moment): KnownStatus | undefined {
    const known = this.#known.get(question.key);
    const usable = known !== undefined && recentEnough(known.sent, arrived, now, this.#settings.limits.maxAge);
    return usable ? known : undefined;
  }

  /** Reads the status, or joins a read. Rejects with what the registry threw. */
  async read(question: StatusQuestion, asker: Asker): Promise<KnownStatus> {
    const { reader, limits } = this.#settings;
    const send = (signal: AbortSignal): Promise<CheckedStatus> =>
      readCheckedStatus(reader, question.jti, question.client, signal);
    let answer = await this.#reads.read(question.key, asker, limits.maxAge, send);
    if (!isLasting(answer.value) && answer.sent.order < asker.arrived.order) {
      // Somebody else's read began before this request and did not find the token active. It may have become so since,
      // and a token works from the moment of its activation.
      answer = await this.#reads.read(question.key, asker, 0, send);
    }
    return this.#keep(question, answer);
  }

  /** The last status that a live decision rested on, while `staleIfError` allows for it. */
  lastLive(question: StatusQuestion, now: Moment): KnownStatus | undefined {
    const known = this.#known.get(question.key);
    if (known === undefined || !known.seenLive) return undefined;
    return standsInAt(known.sent, now, this.#settings.limits) ? known : undefined;
  }

  /**
   * Why this token was found dead before. `revoked` is for ever; the other reasons explain a token that has expired as
   * well, and hold no longer than the clock agrees that it has.
   */
  deadReason(question: StatusQuestion, expired: boolean): DenialReason | undefined {
    const reason = this.#dead.get(question.key);
    return expired || reason === 'revoked' ? reason : undefined;
  }

  /** Remembers a denial that no later change can lift, so that a dead token may be replayed without another read. */
  rememberDead(question: StatusQuestion, reason: DenialReason, expired: boolean): void {
    const forever = reason === 'revoked' || (expired && reason !== 'client_suspended');
    if (!forever) return;
    this.#dead.set(question.key, reason);
    this.#known.delete(question.key);
  }

  #keep(question: StatusQuestion, answer: Answer<CheckedStatus>): KnownStatus {
    const before = this.#known.get(question.key);
    // Answers may arrive in another order than their reads were sent; the younger read knows better, for everybody.
    if (before !== undefined && before.sent.order >= answer.sent.order) return before;
    const known = { ...answer, seenLive: false };
    if (isLasting(answer.value)) this.#known.set(question.key, known);
    else this.#known.delete(question.key);
    return known;
  }
}

/** Absent and pending are never kept: they are about to change. */
function isLasting({ record, client }: CheckedStatus): boolean {
  return record !== undefined && record.state !== 'pending' && client !== undefined;
}
