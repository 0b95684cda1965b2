/** One atomic commit: what a transition decided, and all that a registry must write for it, together or not at all. */
import { appendEvents, type EventDraft, type Sha256 } from './events.ts';
import type { AuditEvent, Client, EpochMillis, KeyRing, RequestRecord, TokenRecord } from './records.ts';

interface ChangeBase {
  /** The version that the aggregate must have now; 0 = it must not exist. The written one has this plus 1. */
  readonly expectedVersion: number;
  /** Appended to the aggregate's chain; the aggregate's head is the last of them. */
  readonly events: readonly AuditEvent[];
}

export interface ClientChange extends ChangeBase {
  readonly kind: 'client';
  readonly client: Client;
  /** New token records; their `jti` must be unused. */
  readonly created: readonly TokenRecord[];
  /** Records of this client that exist and are replaced; guarded by the client's version. */
  readonly updated: readonly TokenRecord[];
  /** Each is written only if no request has its id. */
  readonly requests: readonly RequestRecord[];
  /** The client and records of `updated` as they were read. A registry may then write no more than what differs. */
  readonly before?: { readonly client: Client | undefined; readonly records: readonly TokenRecord[] };
}

export interface RingChange extends ChangeBase {
  readonly kind: 'ring';
  readonly ring: KeyRing;
  /** The ring as it was read. A registry may then write no more than what differs. */
  readonly before?: KeyRing;
}

export type Change = ClientChange | RingChange;

/** Who changes something, and when: transitions take these as values, so that domain code stays pure. */
export interface ChangeContext {
  /** What its events are dated by. */
  readonly at: EpochMillis;
  /** Bounds of the true time, where the host's clock is not all that is known of it; absent = `at`. */
  readonly earliest?: EpochMillis;
  readonly latest?: EpochMillis;
  readonly actor: string;
  readonly sha256: Sha256;
}

type Headless<T> = Omit<T, 'version' | 'eventSeq' | 'eventHash'>;

/** Everything of a client but its version and chain head, which only a change sets. */
export type ClientBody = Headless<Client>;
/** Everything of a ring but its version and chain head, which only a change sets. */
export type RingBody = Headless<KeyRing>;

interface Records {
  readonly created?: readonly TokenRecord[];
  readonly updated?: readonly TokenRecord[];
  /** Those of `updated` as they were read. Without it, client and records are written whole. */
  readonly before?: readonly TokenRecord[];
  readonly requests?: readonly RequestRecord[];
}

/** The change that takes a client from `before` (absent = it is registered) to `body`. */
export function clientChange(
  before: Client | undefined,
  body: ClientBody,
  records: Records,
  drafts: readonly EventDraft[],
  context: ChangeContext,
): ClientChange {
  const events = appendEvents({ kind: 'client', id: body.id }, before, opening(drafts, before), context);
  return {
    kind: 'client',
    expectedVersion: before?.version ?? 0,
    client: { ...body, ...advance(before, events) },
    created: records.created ?? [],
    updated: records.updated ?? [],
    requests: records.requests ?? [],
    ...(records.before === undefined ? {} : { before: { client: before, records: records.before } }),
    events,
  };
}

/** The change that takes a ring from `before` (absent = it is made) to `body`. */
export function ringChange(
  before: KeyRing | undefined,
  body: RingBody,
  drafts: readonly EventDraft[],
  context: ChangeContext,
): RingChange {
  const events = appendEvents({ kind: 'ring', id: body.name }, before, opening(drafts, before), context);
  return {
    kind: 'ring',
    expectedVersion: before?.version ?? 0,
    ring: { ...body, ...advance(before, events) },
    ...(before === undefined ? {} : { before }),
    events,
  };
}

/** The token record with this `jti` as the change writes it. */
export function recordIn(change: ClientChange, jti: string): TokenRecord {
  const record = [...change.created, ...change.updated].find((candidate) => candidate.jti === jti);
  if (record === undefined) throw new TypeError(`the change does not touch token ${jti}`);
  return record;
}

/** The first event of a commit carries the version, so that the log shows which events one commit wrote. */
function opening(drafts: readonly EventDraft[], before: Versioned | undefined): EventDraft[] {
  return drafts.map((draft, index) =>
    index === 0 ? { ...draft, detail: { ...draft.detail, version: nextVersion(before) } } : draft,
  );
}

interface Versioned {
  readonly version: number;
}

function nextVersion(before: Versioned | undefined): number {
  return (before?.version ?? 0) + 1;
}

function advance(
  before: Versioned | undefined,
  events: readonly AuditEvent[],
): Pick<Client, 'version' | 'eventSeq' | 'eventHash'> {
  const last = events.at(-1);
  if (last === undefined) throw new TypeError('a change needs at least one event');
  return { version: nextVersion(before), eventSeq: last.seq, eventHash: last.hash };
}
