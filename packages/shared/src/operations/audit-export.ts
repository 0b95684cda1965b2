/**
 * The second copy of the truth: every event of a registry, and the state that the events led to, as lines of an export.
 * Nothing is held but the names of the clients and, of one client at a time, the ids of what changed.
 */
import { RefusedError } from '../domain/errors.ts';
import type { ExportEntry } from '../domain/export-format.ts';
import {
  aggregateName,
  MAIN_RING,
  SEAL_RING,
  type AggregateRef,
  type Client,
  type EpochMillis,
  type KeyRing,
  type TokenRecord,
} from '../domain/records.ts';
import { MAX_EPOCH_SECONDS } from '../domain/time.ts';
import type { Registry } from '../ports/registry.ts';
import { aggregateRef } from './audit-source.ts';
import { inBatches } from './batches.ts';

/** How far an earlier export goes in one chain. */
export interface ExportedChain {
  /** The last event in it. */
  readonly seq: number;
  readonly hash: string;
  /** The records in it are at least as new as this place in the chain. */
  readonly settled: number;
}

export interface EarlierExport {
  readonly chains: ReadonlyMap<string, ExportedChain>;
  /** Epoch milliseconds at which its last section was finished. */
  readonly at: EpochMillis;
}

/** Events by time may lag on a distributed backend, and clocks differ: so much is looked at once more. */
const OVERLAP = 86_400_000;
/** From so many on, records are listed instead of read one by one. */
const MANY = 50;
/** Records whose requests are read together. */
const AT_ONCE = 100;

type Entries = AsyncGenerator<ExportEntry>;
type Aggregate = Client | KeyRing;

/**
 * Everything, or what is new since an earlier export. Throws `EXPORT_MISMATCH` where the registry contradicts that one:
 * a chain that is shorter than it was, or another. What others commit meanwhile is in this export or in the next.
 */
export async function* exportAudit(registry: Registry, earlier?: EarlierExport): Entries {
  for (const name of await namesOf(registry, earlier)) {
    const ref = aggregateRef(name);
    const known = earlier?.chains.get(name);
    const first = await aggregateOf(registry, ref);
    if (known !== undefined) {
      if (first === undefined) throw contradiction(name, 'the registry does not have it');
      if (await isUnchanged(registry, ref, known, first)) continue;
    }
    yield* exportAggregate(registry, ref, first, known);
  }
}

/** Names alone, since a client that somebody removed must not be missing while events or tokens of it remain. */
async function namesOf(registry: Registry, earlier: EarlierExport | undefined): Promise<string[]> {
  const names = new Set<string>(earlier?.chains.keys());
  for (const id of [MAIN_RING, SEAL_RING]) names.add(aggregateName({ kind: 'ring', id }));
  for await (const { id } of registry.clients()) names.add(`client:${id}`);
  const from = earlier === undefined ? 0 : earlier.at - OVERLAP;
  for await (const { aggregate } of registry.eventsByTime(from, (MAX_EPOCH_SECONDS + 1) * 1000)) names.add(aggregate);
  if (earlier === undefined) {
    for await (const { client } of registry.tokensByEnd(0, MAX_EPOCH_SECONDS + 1)) names.add(`client:${client}`);
    for await (const { client } of registry.requests()) names.add(`client:${client}`);
  }
  return [...names].toSorted();
}

async function isUnchanged(
  registry: Registry,
  ref: AggregateRef,
  known: ExportedChain,
  { eventSeq, eventHash }: Aggregate,
): Promise<boolean> {
  const name = aggregateName(ref);
  if (eventSeq < known.seq) {
    throw contradiction(name, `the registry has ${eventSeq} events of it, the export has ${known.seq}`);
  }
  if (eventSeq === known.seq && eventHash !== known.hash) throw contradiction(name, `event ${eventSeq} is another`);
  if (eventSeq === known.seq) return known.settled === known.seq;
  for await (const event of registry.eventsOf(ref, known.seq)) {
    if (event.seq === known.seq && event.hash === known.hash) return false;
    break;
  }
  throw contradiction(name, `event ${known.seq} is another`);
}

/** The order of the reads: no record is older than `first`, and none is newer than `last`. */
async function* exportAggregate(
  registry: Registry,
  ref: AggregateRef,
  first: Aggregate | undefined,
  known: ExportedChain | undefined,
): Entries {
  const settled = first?.eventSeq ?? Infinity;
  const touched = new Set<string>();
  for await (const event of registry.eventsOf(ref, (known?.settled ?? 0) + 1)) {
    if (event.seq > settled) break;
    if (event.detail.entity === 'token') touched.add(event.subject);
    if (event.seq > (known?.seq ?? 0)) yield { type: 'event', event };
  }
  if (ref.kind === 'client') yield* withStrays(registry, ref.id, known === undefined ? undefined : touched);
  const last = first === undefined ? undefined : await aggregateOf(registry, ref);
  if (last === undefined) return;
  for await (const event of registry.eventsOf(ref, settled + 1)) {
    // What was committed just now is left to the next export; what no head tells of is evidence, and belongs into this.
    if (event.seq > last.eventSeq && ((await aggregateOf(registry, ref))?.eventSeq ?? 0) >= event.seq) break;
    yield { type: 'event', event };
  }
  yield 'keys' in last ? { type: 'ring', settled, ring: last } : { type: 'client', settled, client: last };
}

/** Records with their requests, and of all of them also the requests that no record names. */
async function* withStrays(registry: Registry, client: string, touched: ReadonlySet<string> | undefined): Entries {
  const named = new Set<string>();
  for await (const entry of recordsOf(registry, client, touched)) {
    if (entry.type === 'request') named.add(entry.request.id);
    yield entry;
  }
  if (touched !== undefined) return;
  for await (const request of registry.requests(client)) if (!named.has(request.id)) yield { type: 'request', request };
}

/** @param touched absent = all */
async function* recordsOf(registry: Registry, client: string, touched: ReadonlySet<string> | undefined): Entries {
  const listed = touched === undefined || touched.size > MANY;
  const records = listed ? registry.tokensOfClient(client) : some(registry, client, touched);
  for await (const batch of inBatches(records, AT_ONCE)) {
    yield* withRequests(
      registry,
      batch.filter(({ jti }) => touched?.has(jti) ?? true),
    );
  }
}

async function* withRequests(registry: Registry, records: readonly TokenRecord[]): Entries {
  const ids = records.map(({ requestId }) => requestId).filter((id) => id !== undefined);
  const requests = ids.length === 0 ? undefined : await registry.getRequests(ids);
  for (const record of records) {
    yield { type: 'record', record };
    const request = requests?.get(record.requestId ?? '');
    if (request !== undefined) yield { type: 'request', request };
  }
}

async function* some(registry: Registry, client: string, jtis: ReadonlySet<string>): AsyncGenerator<TokenRecord> {
  for (const jti of jtis) {
    const record = await registry.getToken(client, jti);
    if (record !== undefined) yield record;
  }
}

function aggregateOf(registry: Registry, { kind, id }: AggregateRef): Promise<Aggregate | undefined> {
  return kind === 'client' ? registry.getClient(id) : registry.getRing(id);
}

function contradiction(name: string, why: string): RefusedError {
  return new RefusedError('EXPORT_MISMATCH', `the registry contradicts the export about ${name}`, {
    why,
    fix: 'keep the export: the registry was set back or tampered with; compare them with apikey audit verify and apikey audit verify --from FILE',
  });
}
