/** The audit log's hash chain: each event names the hash before it, so that no past event can change unseen. */
import canonicalize from 'canonicalize';
import { ApikeyError } from './errors.ts';
import {
  aggregateName,
  type AggregateHead,
  type AggregateRef,
  type AuditEvent,
  type EpochMillis,
  type EventAction,
  type EventDetail,
  type Json,
  type JsonObject,
} from './records.ts';
import { formatMillis } from './time.ts';

/** SHA-256 of a text's UTF-8 bytes as 64 lower-case hex digits; passed in, since domain code imports no crypto. */
export type Sha256 = (text: string) => string;

/** `prev` of an aggregate's first event. */
export const GENESIS_HASH: string = '0'.repeat(64);

/** An event before it has its place in the chain. */
export interface EventDraft {
  readonly action: EventAction;
  readonly subject: string;
  readonly detail: EventDetail;
}

interface EventContext {
  readonly at: EpochMillis;
  readonly actor: string;
  readonly sha256: Sha256;
}

/** The last place in a chain: keys of twelve digits sort as their numbers do. No honest chain comes near. */
export const LAST_SEQ = 999_999_999_999;

/** Chains `drafts` behind the head of their aggregate (absent = a new aggregate). Throws `STORE_DAMAGED` behind `LAST_SEQ`. */
export function appendEvents(
  aggregate: AggregateRef,
  head: Pick<AggregateHead, 'eventSeq' | 'eventHash'> | undefined,
  drafts: readonly EventDraft[],
  context: EventContext,
): AuditEvent[] {
  let seq = head?.eventSeq ?? 0;
  let prev = head?.eventHash ?? GENESIS_HASH;
  if (seq + drafts.length > LAST_SEQ) {
    throw new ApikeyError('STORE_DAMAGED', `the chain of ${aggregateName(aggregate)} cannot go on`, {
      why: 'its head names a place that no chain reaches',
      fix: 'find out who changed the registry: apikey audit verify',
    });
  }
  const at = formatMillis(context.at);
  return drafts.map((draft) => {
    seq += 1;
    const body = { seq, at, actor: context.actor, ...draft, aggregate: aggregateName(aggregate), prev };
    const hash = hashEvent(body, context.sha256);
    prev = hash;
    return { ...body, hash };
  });
}

/** SHA-256 over the RFC 8785 canonical JSON of all members but `hash`. */
export function hashEvent(event: Omit<AuditEvent, 'hash'>, sha256: Sha256): string {
  const { seq, at, actor, action, aggregate, subject, detail, prev } = event;
  return sha256(canonicalJson({ seq, at, actor, action, aggregate, subject, detail, prev }));
}

/** RFC 8785 text of a JSON value. Lone surrogates and non-finite numbers are errors. */
export function canonicalJson(value: Json): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('not a JSON value');
  return text;
}

export type ChainFault = 'sequence' | 'prev' | 'hash' | 'aggregate' | 'head';

export interface ChainFinding {
  /** Position in the chain at which the fault was seen. */
  readonly seq: number;
  readonly fault: ChainFault;
}

/** Checks one aggregate's chain event by event, in order, in constant memory. */
export class ChainVerifier {
  readonly #aggregate: string;
  readonly #sha256: Sha256;
  #seq = 0;
  #prev = GENESIS_HASH;

  constructor(aggregate: AggregateRef, sha256: Sha256) {
    this.#aggregate = aggregateName(aggregate);
    this.#sha256 = sha256;
  }

  /** The first fault of the next event, if any; the chain goes on from the event as it stands. */
  next(event: AuditEvent): ChainFinding | undefined {
    const fault = this.#fault(event);
    this.#seq = event.seq;
    this.#prev = event.hash;
    return fault === undefined ? undefined : { seq: event.seq, fault };
  }

  /** Compares the end of the chain with the head that its aggregate stores. */
  end(head: Pick<AggregateHead, 'eventSeq' | 'eventHash'>): ChainFinding | undefined {
    const matches = head.eventSeq === this.#seq && head.eventHash === this.#prev;
    return matches ? undefined : { seq: this.#seq, fault: 'head' };
  }

  #fault(event: AuditEvent): ChainFault | undefined {
    if (event.aggregate !== this.#aggregate) return 'aggregate';
    if (event.seq !== this.#seq + 1) return 'sequence';
    if (event.prev !== this.#prev) return 'prev';
    return hashEvent(event, this.#sha256) === event.hash ? undefined : 'hash';
  }
}

/** Checks a whole chain at once: the first finding, or nothing when it is intact up to `head`. */
export function verifyChain(
  aggregate: AggregateRef,
  events: Iterable<AuditEvent>,
  head: Pick<AggregateHead, 'eventSeq' | 'eventHash'>,
  sha256: Sha256,
): ChainFinding | undefined {
  const verifier = new ChainVerifier(aggregate, sha256);
  for (const event of events) {
    const finding = verifier.next(event);
    if (finding !== undefined) return finding;
  }
  return verifier.end(head);
}

/** The members that differ between two states of one entity, as JSON, `null` where a member is absent. */
export function diff(
  entity: EventDetail['entity'],
  before: object | undefined,
  after: object,
  ignored: ReadonlySet<string> = HEAD_MEMBERS,
): EventDetail {
  const old = jsonMembers(before ?? {});
  const now = jsonMembers(after);
  const names = [...new Set([...old.keys(), ...now.keys()])].filter(
    (name) => !ignored.has(name) && !isSame(old.get(name) ?? null, now.get(name) ?? null),
  );
  const pick = (source: ReadonlyMap<string, Json>): JsonObject =>
    Object.fromEntries(names.map((name) => [name, source.get(name) ?? null]));
  return { entity, before: pick(old), after: pick(now) };
}

/** Most members are texts and numbers, of which none has two spellings. */
function isSame(a: Json, b: Json): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return canonicalJson(a) === canonicalJson(b);
}

/** The draft with the reason that the admin gave, if any. */
export function withReason(draft: EventDraft, reason: string | undefined): EventDraft {
  return reason === undefined ? draft : { ...draft, detail: { ...draft.detail, reason } };
}

/** An event as it is listed: its grant is evidence for programs, and looks like a token to scanners. */
export function withoutGrant({ grant: _grant, grantRequestId: _id, ...event }: AuditEvent): AuditEvent {
  return event;
}

const HEAD_MEMBERS: ReadonlySet<string> = new Set(['version', 'eventSeq', 'eventHash']);

function jsonMembers(value: object): ReadonlyMap<string, Json> {
  return new Map(Object.entries(value).filter(([, member]) => member !== undefined));
}
