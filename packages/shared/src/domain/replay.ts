/**
 * Replays an aggregate's events into the state that they led to: a client and its token records, or a ring's keys.
 * Strict: an event that does not start from the state before it, or that tells of a change which no transition makes,
 * is a finding. After one the replay takes the event at its word, so that one flaw does not hide the next.
 */
import type { ClientBody } from './change.ts';
import { GENESIS_HASH } from './events.ts';
import type { Difference, Finding } from './findings.ts';
import { differenceOf, member, same } from './json-members.ts';
import { unlawfulness } from './lawful-changes.ts';
import {
  aggregateName,
  type AggregateHead,
  type AggregateRef,
  type AuditEvent,
  type Client,
  type JsonObject,
  type KeyRing,
  type RequestRecord,
  type RingKey,
  type TokenRecord,
} from './records.ts';
import { parseClient, parseKeyRing, parseRequest, parseTokenRecord } from './schema.ts';

/** A state as events tell it: JSON members by name, absent ones left out. */
export type ReplayedState = JsonObject;

/** What only a commit sets, and no event tells of. */
const HEAD = { version: 1, eventSeq: 1, eventHash: GENESIS_HASH };
const HEAD_MEMBERS: ReadonlySet<string> = new Set(Object.keys(HEAD));

export class Replay {
  readonly #aggregate: AggregateRef;
  readonly #name: string;
  #client: ReplayedState | undefined;
  /** Token records by `jti`, or keys by `kid` in the order of their creation. */
  readonly #parts = new Map<string, ReplayedState>();
  /** Request records by id. */
  readonly #requests = new Map<string, ReplayedState>();
  /** What the last commit gave to the aggregate; absent where no event says so. */
  #version: number | undefined;

  constructor(aggregate: AggregateRef) {
    this.#aggregate = aggregate;
    this.#name = aggregateName(aggregate);
  }

  /** Takes the next event in; what is wrong with it, nothing for a sound one. */
  apply(event: AuditEvent): Finding[] {
    const findings = [...this.#unlawful(event), ...this.#before(event), ...this.#commit(event)];
    this.#set(event, changed(this.#stateOf(event), event.detail.after));
    this.#request(event);
    return findings;
  }

  /** The client as replayed, but for its version and chain head. */
  get client(): ReplayedState | undefined {
    return this.#client;
  }

  /** The replayed token records by `jti`, or keys by `kid` in the order of their creation. */
  get parts(): ReadonlyMap<string, ReplayedState> {
    return this.#parts;
  }

  /** The requests that the events tell of, by id: of an id that was used again, the last one. */
  get requests(): ReadonlyMap<string, ReplayedState> {
    return this.#requests;
  }

  /** The replayed client as the registry would hold it. Throws `STORE_DAMAGED` where the events led to no client. */
  clientBody(): ClientBody {
    const { version: _, eventSeq: __, eventHash: ___, ...body } = parseClient({ ...this.#client, ...HEAD });
    return body;
  }

  /** The replayed token record. Throws `STORE_DAMAGED` where the events led to none. */
  record(jti: string): TokenRecord {
    return parseTokenRecord(this.#parts.get(jti));
  }

  /** The replayed request record. Throws as `record` does. */
  request(id: string): RequestRecord {
    return parseRequest(this.#requests.get(id));
  }

  /** The replayed keys, oldest first. Throws as `record` does. */
  keys(): readonly RingKey[] {
    const keys = [...this.#parts.values()];
    return parseKeyRing({ name: this.#aggregate.id, keys, ...HEAD }).keys;
  }

  /** The first member in which a stored client differs from the replayed one. */
  compareClient(stored: Client): Difference | undefined {
    return differenceOf(this.#client, members(stored));
  }

  /** The first member in which a stored token record or key differs from the replayed one. */
  comparePart(id: string, stored: TokenRecord | RingKey): Difference | undefined {
    return differenceOf(this.#parts.get(id), members(stored));
  }

  /** The first member in which a stored request record differs from the replayed one. */
  compareRequest(stored: RequestRecord): Difference | undefined {
    return differenceOf(this.#requests.get(stored.id), members(stored));
  }

  /** The first flaw of a stored ring: a key that differs, is missing, was never made, or stands in another place. */
  compareRing(ring: KeyRing): Omit<Finding, 'aggregate'>[] {
    const found: Omit<Finding, 'aggregate'>[] = [];
    const stored = new Set(ring.keys.map(({ kid }) => kid));
    for (const key of ring.keys) {
      const subject = key.kid;
      const difference = this.#parts.has(subject) ? this.comparePart(subject, key) : undefined;
      if (!this.#parts.has(subject)) found.push({ kind: 'record_unexplained', subject });
      else if (difference !== undefined) found.push({ kind: 'state_differs', subject, difference });
    }
    for (const kid of this.#parts.keys()) if (!stored.has(kid)) found.push({ kind: 'record_missing', subject: kid });
    const [expected, order] = [[...this.#parts.keys()], [...stored]];
    if (found.length === 0 && expected.some((kid, index) => kid !== order[index])) {
      found.push({ kind: 'state_differs', difference: { field: 'keys', expected, found: order } });
    }
    return found;
  }

  /** How the stored version differs from the number of commits. */
  compareVersion({ version }: AggregateHead): Difference | undefined {
    if (this.#version === undefined || version === this.#version) return undefined;
    return { field: 'version', expected: this.#version, found: version };
  }

  /** Takes in the version that a commit began with; a version that does not follow is a finding. */
  #commit(event: AuditEvent): Finding[] {
    const { version } = event.detail;
    if (typeof version !== 'number') return [];
    const expected = event.seq === 1 ? 1 : (this.#version ?? version - 1) + 1;
    this.#version = version;
    if (version === expected) return [];
    return [this.#finding('event_unlawful', event, { field: 'detail.version', expected, found: version })];
  }

  /** Every member of a request is in the event that prepared its token. */
  #request({ action, subject, detail: { after, parameterHash } }: AuditEvent): void {
    const id = member(after, 'requestId');
    if (action !== 'token.prepared' || typeof id !== 'string' || typeof parameterHash !== 'string') return;
    const [createdAt, exp] = [member(after, 'iat'), member(after, 'exp')];
    this.#requests.set(id, { id, parameterHash, jti: subject, client: this.#aggregate.id, createdAt, exp });
  }

  #stateOf({ subject, detail }: AuditEvent): ReplayedState | undefined {
    return detail.entity === 'client' ? this.#client : this.#parts.get(subject);
  }

  #set({ subject, detail }: AuditEvent, state: ReplayedState): void {
    if (detail.entity === 'client') this.#client = state;
    else this.#parts.set(subject, state);
  }

  #before(event: AuditEvent): Finding[] {
    const difference = this.#beforeDifference(event);
    return difference === undefined ? [] : [this.#finding('event_before', event, difference)];
  }

  #beforeDifference(event: AuditEvent): Difference | undefined {
    const state = this.#stateOf(event);
    const { before, after } = event.detail;
    const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
    for (const field of fields) {
      const [expected, found] = [member(state, field), member(before, field)];
      const told = Object.hasOwn(before, field) && Object.hasOwn(after, field);
      if (!told || !same(expected, found)) return { field, expected, found };
    }
    return undefined;
  }

  #unlawful(event: AuditEvent): Finding[] {
    const flaw = unlawfulness(event, this.#aggregate, this.#stateOf(event));
    return flaw === undefined ? [] : [this.#finding('event_unlawful', event, flaw)];
  }

  #finding(kind: Finding['kind'], { seq, subject }: AuditEvent, difference: Difference): Finding {
    return { aggregate: this.#name, kind, seq, subject, difference };
  }
}

function changed(state: ReplayedState | undefined, after: JsonObject): ReplayedState {
  return Object.fromEntries(Object.entries({ ...state, ...after }).filter(([, value]) => value !== null));
}

function members(value: object): ReplayedState {
  return Object.fromEntries(Object.entries(value).filter(([name, it]) => it !== undefined && !HEAD_MEMBERS.has(name)));
}
