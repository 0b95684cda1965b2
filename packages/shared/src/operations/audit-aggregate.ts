/**
 * Checks one aggregate: its chain, and what is stored against what its events lead to. Others may be writing: a record
 * that was read while the chain grew is held to every state that it had meanwhile.
 */
import { ChainVerifier, GENESIS_HASH } from '../domain/events.ts';
import type { Finding, FindingKind } from '../domain/findings.ts';
import {
  aggregateName,
  type AggregateRef,
  type AuditEvent,
  type EpochMillis,
  type TokenRecord,
} from '../domain/records.ts';
import { Replay } from '../domain/replay.ts';
import type { SealedChain } from '../domain/seal.ts';
import { formatMillis, parseMillis } from '../domain/time.ts';
import { sha256Hex } from '../jose/digest.ts';
import { GrantCheck, type Unproven } from './grant-check.ts';
import type { GrantVerifier } from './grants.ts';
import { RequestCheck } from './audit-requests.ts';
import { chainFinding, clockFault, difference } from './audit-chain.ts';
import { damageOf, isDamage, type AuditSource, type StoredAggregate } from './audit-source.ts';

export interface CheckContext {
  readonly source: AuditSource;
  readonly found: (finding: Finding) => void;
  readonly onEvents: (count: number) => void;
  /** Absent where no keys are in reach: grants are not verified then. */
  readonly grants: GrantVerifier | undefined;
  /** Epoch seconds; a record whose token expired before this may have been deleted. */
  readonly forgottenBefore: number;
  /** Epoch milliseconds; no event is later, but for what clocks may differ. */
  readonly now: EpochMillis;
}

export interface CheckedAggregate {
  /** Whether there is anything of it at all. */
  readonly exists: boolean;
  readonly events: number;
  readonly records: number;
  /** Prepared tokens whose grant is signed by a key that is disabled. */
  readonly uncheckedGrants: number;
  readonly seq: number;
  readonly hash: string;
}

export class AggregateCheck {
  readonly #ref: AggregateRef;
  readonly #name: string;
  readonly #context: CheckContext;
  readonly #sealed: SealedChain | undefined;
  readonly #chain: ChainVerifier;
  readonly #replay: Replay;
  readonly #grants: GrantCheck | undefined;
  /** Records that are not as the events led to, as far as they were replayed when the records were read. */
  readonly #doubtful = new Map<string, TokenRecord>();
  #events = 0;
  #records = 0;
  #uncheckedGrants = 0;
  #seq = 0;
  #hash = GENESIS_HASH;
  #at = 0;
  #unreadable = false;
  #flawed = false;

  constructor(ref: AggregateRef, sealed: SealedChain | undefined, context: CheckContext) {
    this.#ref = ref;
    this.#name = aggregateName(ref);
    this.#context = context;
    this.#sealed = sealed;
    this.#chain = new ChainVerifier(ref, sha256Hex);
    this.#replay = new Replay(ref);
    this.#grants = context.grants === undefined ? undefined : new GrantCheck(context.grants, ref);
  }

  async run(): Promise<CheckedAggregate> {
    const first = await this.#stored();
    const readable = await this.#advance(first?.settled ?? Infinity);
    const requests = this.#ref.kind === 'client' && readable ? this.#requestCheck() : undefined;
    if (this.#ref.kind === 'client') await this.#checkRecords(readable);
    await requests?.read();
    const last = await this.#stored();
    const complete = readable && (await this.#advanceTo(last));
    if (complete) this.#compareAggregate(last);
    this.#compareVersion(complete ? last : undefined);
    for (const subject of this.#doubtful.keys()) this.#reportRecord(subject);
    this.#reportUnproven(this.#grants?.end() ?? []);
    requests?.report();
    const exists = last !== undefined || this.#unreadable || this.#events > 0 || this.#records > 0;
    this.#checkSeal(exists, complete);
    return {
      exists,
      events: this.#events,
      records: this.#records,
      uncheckedGrants: this.#uncheckedGrants,
      seq: this.#seq,
      hash: this.#hash,
    };
  }

  /** Takes in the events up to `to`. False where one could not be read, and the replay ends before it. */
  async #advance(to: number): Promise<boolean> {
    try {
      for await (const event of this.#context.source.eventsOf(this.#ref, this.#seq + 1)) {
        if (event.seq > to) break;
        await this.#take(event);
      }
      return true;
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#found('damaged', {
        seq: this.#seq + 1,
        note: `${damageOf(error)}; the events from here on were not checked`,
      });
      return false;
    }
  }

  async #advanceTo(last: StoredAggregate | undefined): Promise<boolean> {
    const end = last?.aggregate.eventSeq ?? Infinity;
    if (!(await this.#advance(end))) return false;
    const beyond = await this.#firstBeyond(end);
    if (beyond === undefined) return true;
    // Either somebody changed it just now, which its head tells, or the head was set back.
    const now = await this.#stored();
    if (!this.#unreadable && (now?.aggregate.eventSeq ?? 0) < beyond) {
      this.#found('head_differs', {
        seq: beyond,
        difference: { field: 'eventSeq', expected: beyond, found: now?.aggregate.eventSeq ?? null },
        note: 'there are events behind the head',
      });
    }
    return true;
  }

  async #firstBeyond(end: number): Promise<number | undefined> {
    if (end === Infinity) return undefined;
    try {
      for await (const event of this.#context.source.eventsOf(this.#ref, end + 1)) return event.seq;
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#found('damaged', { seq: end + 1, note: damageOf(error) });
    }
    return undefined;
  }

  async #take(event: AuditEvent): Promise<void> {
    const { seq, subject } = event;
    const chained = this.#chain.next(event);
    if (chained !== undefined) {
      const { kind, ...rest } = chainFinding(chained.fault, event, {
        name: this.#name,
        seq: this.#seq,
        hash: this.#hash,
      });
      this.#found(kind, { seq, subject, ...rest });
    }
    if (seq === this.#sealed?.seq && event.hash !== this.#sealed.hash) {
      this.#found('sealed_differs', { seq, subject, difference: difference('hash', this.#sealed.hash, event.hash) });
    }
    this.#reportUnproven((await this.#grants?.next(event)) ?? []);
    this.#checkTime(event);
    // An event of another aggregate says nothing about this one.
    if (event.aggregate === this.#name) {
      for (const finding of this.#replay.apply(event)) this.#report(finding);
      const doubtful = this.#doubtful.get(subject);
      if (doubtful !== undefined && this.#isAsReplayed(doubtful)) this.#doubtful.delete(subject);
    }
    this.#seq = seq;
    this.#hash = event.hash;
    this.#events += 1;
    this.#context.onEvents(1);
  }

  /** Not a flaw of the chain: what the events say of the state still counts. */
  #checkTime({ seq, subject, at: text }: AuditEvent): void {
    const at = parseMillis(text);
    const { now, found } = this.#context;
    const fault = clockFault(at, { before: this.#at, now });
    this.#at = at;
    if (fault === undefined) return;
    const { kind, bound } = fault;
    const note = `dated ${text}, ${kind === 'event_future' ? 'and it is now' : 'behind'} ${formatMillis(bound)}`;
    found({ aggregate: this.#name, kind, seq, subject, note });
  }

  /** Reads what is stored when the replay stands where the aggregate stood before: no record can be older. */
  async #checkRecords(readable: boolean): Promise<void> {
    const { source } = this.#context;
    const seen = new Set<string>();
    const see = (record: TokenRecord): void => {
      seen.add(record.jti);
      this.#records += 1;
      if (readable && !this.#isAsReplayed(record)) this.#doubtful.set(record.jti, record);
    };
    let damaged: string | undefined;
    try {
      for await (const record of source.recordsOf(this.#ref.id)) see(record);
    } catch (error) {
      if (!isDamage(error)) throw error;
      damaged = damageOf(error);
    }
    let named = false;
    for (const [jti, state] of this.#replay.parts) {
      if (seen.has(jti)) continue;
      if (damaged !== undefined) {
        const record = await this.#damagedOr(jti, () => source.getToken(this.#ref.id, jti));
        if (record === 'damaged') named = true;
        else if (record !== undefined) see(record);
        if (record !== undefined) continue;
      }
      const exp = state['exp'];
      const forgotten = typeof exp === 'number' && exp < this.#context.forgottenBefore;
      if (readable && !forgotten) this.#found('record_missing', { subject: jti });
    }
    if (damaged !== undefined && !named) this.#found('damaged', { note: damaged });
  }

  #requestCheck(): RequestCheck {
    const { source, forgottenBefore } = this.#context;
    return new RequestCheck({
      client: this.#ref.id,
      source,
      replay: this.#replay,
      found: (kind, rest) => this.#found(kind, rest),
      forgottenBefore,
    });
  }

  async #damagedOr<T>(subject: string, read: () => Promise<T>): Promise<T | 'damaged'> {
    try {
      return await read();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#found('damaged', { subject, note: damageOf(error) });
      return 'damaged';
    }
  }

  #isAsReplayed(record: TokenRecord): boolean {
    return this.#replay.parts.has(record.jti) && this.#replay.comparePart(record.jti, record) === undefined;
  }

  #reportRecord(subject: string): void {
    const record = this.#doubtful.get(subject);
    if (record === undefined) return;
    if (!this.#replay.parts.has(subject)) return this.#found('record_unexplained', { subject });
    const different = this.#replay.comparePart(subject, record);
    this.#found('state_differs', { subject, ...(different === undefined ? {} : { difference: different }) });
  }

  #compareAggregate(last: StoredAggregate | undefined): void {
    if (last === undefined) {
      const gone = this.#events > 0 && !this.#unreadable;
      if (gone) this.#found('aggregate_missing', { seq: this.#seq, subject: this.#ref.id });
      return;
    }
    const { aggregate } = last;
    if (this.#chain.end(aggregate) !== undefined) {
      const short = aggregate.eventSeq !== this.#seq;
      this.#found('head_differs', {
        seq: this.#seq,
        difference: short
          ? difference('eventSeq', this.#seq, aggregate.eventSeq)
          : difference('eventHash', this.#hash, aggregate.eventHash),
      });
    }
    if ('keys' in aggregate) {
      for (const finding of this.#replay.compareRing(aggregate)) {
        this.#report({ aggregate: this.#name, ...finding });
      }
      return;
    }
    const different = this.#replay.compareClient(aggregate);
    if (different !== undefined) this.#found('state_differs', { subject: this.#ref.id, difference: different });
  }

  /** Of a chain with flaws the number of commits is not known either. */
  #compareVersion(last: StoredAggregate | undefined): void {
    const different = last === undefined || this.#flawed ? undefined : this.#replay.compareVersion(last.aggregate);
    if (different !== undefined) this.#found('state_differs', { subject: this.#ref.id, difference: different });
  }

  #checkSeal(exists: boolean, complete: boolean): void {
    const sealed = this.#sealed;
    if (sealed === undefined || this.#seq >= sealed.seq) return;
    if (!exists) return this.#found('sealed_missing', { seq: sealed.seq });
    if (complete) this.#found('sealed_cut', { seq: this.#seq, difference: difference('seq', sealed.seq, this.#seq) });
  }

  /** Nothing for an aggregate that cannot be read, too: its chain is checked all the same. */
  async #stored(): Promise<StoredAggregate | undefined> {
    if (this.#unreadable) return undefined;
    const stored = await this.#damagedOr(this.#ref.id, () => this.#context.source.stored(this.#ref));
    if (stored !== 'damaged') return stored;
    this.#unreadable = true;
    return undefined;
  }

  #reportUnproven(unproven: readonly Unproven[]): void {
    for (const { jti: subject, seq, why: note, unchecked } of unproven) {
      if (unchecked) this.#uncheckedGrants += 1;
      else this.#found('grant_unproven', { seq, subject, note });
    }
  }

  #found(kind: FindingKind, rest: Omit<Finding, 'aggregate' | 'kind'>): void {
    this.#report({ aggregate: this.#name, kind, ...rest });
  }

  #report(finding: Finding): void {
    this.#flawed = true;
    this.#context.found(finding);
  }
}
