/**
 * One instance of the authorizer's function: the status cache and the ring cache of the product on a virtual clock, put
 * together as `Decider` does. It leaves out the signature, which takes a hundred times as long to compute as all of this;
 * `cross-check.ts` compares it with the whole authorizer, decision by decision.
 */
import { judge } from '@apikey/shared';
import type { RingKeys } from '../../packages/authorizer/src/cache/ring-cache.ts';
import type { Asker } from '../../packages/authorizer/src/cache/shared-reads.ts';
import type { KnownStatus } from '../../packages/authorizer/src/cache/status-cache.ts';
import type { Moment } from '../../packages/authorizer/src/clock.ts';
import { decisionDeadline, RingCache, StatusCache, Timeline } from '../harness/internals.ts';
import type { Chance } from './chance.ts';
import { DECISION_MILLIS, RING_STALENESS } from './model.ts';
import type { ModelRegistry, Token } from './registry.ts';
import { slowReader, VirtualClock, type ReadCounter } from './virtual-time.ts';

/** As many statuses as an authorizer keeps by default. */
const STATUSES = 10_000;

export interface InstanceParts {
  readonly registry: ModelRegistry;
  readonly kid: string;
  /** Seconds that a status may be old. */
  readonly staleness: number;
  readonly chance: Chance;
  readonly counter: ReadCounter;
}

export class Instance {
  readonly clock: VirtualClock = new VirtualClock();
  /** When it can take the next request. */
  freeAt = 0;
  readonly #kid: string;
  readonly #timeline: Timeline;
  readonly #status: StatusCache;
  readonly #ring: RingCache;

  constructor({ registry, kid, staleness, chance, counter }: InstanceParts) {
    const reader = slowReader(registry, this.clock, chance, counter);
    this.#kid = kid;
    this.#timeline = new Timeline(this.clock);
    const limits = { maxAge: staleness, staleIfError: 0 };
    this.#status = new StatusCache({ reader, limits, limit: STATUSES }, this.#timeline);
    this.#ring = new RingCache(reader, { maxAge: RING_STALENESS, staleIfError: 0 }, this.#timeline);
  }

  /** Decides about a request that begins at `moment`, or as soon as the instance is free. */
  async decide(token: Token, moment: number): Promise<boolean> {
    const atHand = this.decideAtOnce(token, moment);
    return atHand ?? (await this.decideFromReads(token));
  }

  /** The decision where all that it needs is at hand. */
  decideAtOnce(token: Token, moment: number): boolean | undefined {
    this.clock.reach(Math.max(moment, this.freeAt));
    const now = this.#timeline.now();
    const decided = this.#ring.known(this.#kid) === undefined ? undefined : this.#fromCaches(token, now, now);
    if (decided !== undefined) this.freeAt = this.clock.now + DECISION_MILLIS;
    return decided;
  }

  /** To be called at once after `decideAtOnce` had nothing to say. */
  async decideFromReads(token: Token): Promise<boolean> {
    const arrived = this.#timeline.now();
    const asker: Asker = { arrived, deadline: decisionDeadline() };
    if (this.#ring.known(this.#kid) === undefined) await this.#ring.seek(this.#kid, asker);
    const decided = this.#fromCaches(token, arrived, this.#timeline.now()) ?? (await this.#fromReads(token, asker));
    this.freeAt = this.clock.now + DECISION_MILLIS;
    return decided;
  }

  #fromCaches(token: Token, arrived: Moment, now: Moment): boolean | undefined {
    if (this.#status.deadReason(token.question, false) !== undefined) return false;
    const ring = this.#ring.fresh(arrived, now);
    const status = this.#status.fresh(token.question, arrived, now);
    return ring === undefined || status === undefined ? undefined : this.#judge(token, ring, status, now);
  }

  async #fromReads(token: Token, asker: Asker): Promise<boolean> {
    const before = this.#timeline.now();
    const [ring, status] = await Promise.all([
      this.#ring.fresh(asker.arrived, before) ?? this.#ring.read(asker),
      this.#status.fresh(token.question, asker.arrived, before) ?? this.#status.read(token.question, asker),
    ]);
    return this.#judge(token, ring, status, this.#timeline.now());
  }

  #judge({ question, life, payloadSha256 }: Token, ring: RingKeys, status: KnownStatus, now: Moment): boolean {
    const { record, client } = status.value;
    const key = ring.get(this.#kid);
    const reason = judge({ claims: life, payloadSha256, record, client, key, now: now.wall / 1000 });
    if (reason === undefined) status.seenLive = true;
    else this.#status.rememberDead(question, reason, false);
    return reason === undefined;
  }
}
