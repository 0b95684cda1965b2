/** Where a check of the audit trail reads from: the registry that is in use, or an export of it. */
import { ApikeyError } from '../domain/errors.ts';
import {
  aggregateName,
  MAIN_RING,
  SEAL_RING,
  type AggregateRef,
  type AuditEvent,
  type Client,
  type KeyRing,
  type RequestRecord,
  type TokenRecord,
} from '../domain/records.ts';
import { MAX_EPOCH_SECONDS, parseMillis } from '../domain/time.ts';
import type { Registry } from '../ports/registry.ts';
import { inBatches } from './batches.ts';

/** Requests that are read together. */
const READS_AT_ONCE = 100;

/** What a check has to look at. */
export interface Survey {
  /** What findings call the whole of it. */
  readonly whole: 'registry' | 'export';
  /** All aggregates that are stored, or that an event or a token record names, in a fixed order. */
  readonly aggregates: readonly AggregateRef[];
  /** How many events there are, about. */
  readonly events: number;
  /** What could not be read while the aggregates were listed: some may be missing above. */
  readonly damages: readonly string[];
}

/** An aggregate as it is stored, and how far its records are behind it. */
export interface StoredAggregate {
  readonly aggregate: Client | KeyRing;
  /** All records were read when the chain was at least so long. */
  readonly settled: number;
}

/** Reads throw `STORE_DAMAGED` where an entry cannot be parsed. */
export interface AuditSource {
  /** @param onEvents is told how many more events were seen */
  survey(onEvents: (count: number) => void): Promise<Survey>;
  stored(ref: AggregateRef): Promise<StoredAggregate | undefined>;
  /** By ascending place in the chain. */
  eventsOf(ref: AggregateRef, fromSeq: number): AsyncIterable<AuditEvent>;
  recordsOf(client: string): AsyncIterable<TokenRecord>;
  getToken(client: string, jti: string): Promise<TokenRecord | undefined>;
  /** The requests with these ids, and all others that name this client. */
  requestsOf(client: string, ids: Iterable<string>): AsyncIterable<RequestRecord>;
  getRequest(id: string): Promise<RequestRecord | undefined>;
}

/** The registry itself, which others may be writing to. */
export function registrySource(registry: Registry): AuditSource {
  return {
    survey: (onEvents) => survey(registry, onEvents),
    stored: async (ref) => {
      const aggregate = await (ref.kind === 'client' ? registry.getClient(ref.id) : registry.getRing(ref.id));
      return aggregate === undefined ? undefined : { aggregate, settled: aggregate.eventSeq };
    },
    eventsOf: (ref, fromSeq) => registry.eventsOf(ref, fromSeq),
    recordsOf: (client) => registry.tokensOfClient(client),
    getToken: (client, jti) => registry.getToken(client, jti),
    requestsOf: (client, ids) => requestsOf(registry, client, ids),
    getRequest: (id) => registry.getRequest(id),
  };
}

/** Those that events tell of are read by id, since a listing may lag. */
async function* requestsOf(registry: Registry, client: string, ids: Iterable<string>): AsyncGenerator<RequestRecord> {
  const known = new Set(ids);
  for await (const batch of inBatches(known, READS_AT_ONCE)) yield* (await registry.getRequests(batch)).values();
  for await (const request of registry.requests(client)) if (!known.has(request.id)) yield request;
}

/** `client:partner` taken apart. */
export function aggregateRef(name: string): AggregateRef {
  const id = name.slice(name.indexOf(':') + 1);
  return name.startsWith('client:') ? { kind: 'client', id } : { kind: 'ring', id };
}

/** Asks four listings for names, since a client may be missing in each that somebody tampered with. */
async function survey(registry: Registry, onEvents: (count: number) => void): Promise<Survey> {
  const names = new Set<string>();
  const damages: string[] = [];
  let events = 0;
  for (const id of [MAIN_RING, SEAL_RING]) names.add(aggregateName({ kind: 'ring', id }));
  await untilDamaged(damages, 'the list of clients', registry.clients(), ({ id }) => names.add(`client:${id}`));
  await untilDamaged(damages, 'the list of events', eventsOfAllTime(registry), ({ aggregate }) => {
    names.add(aggregate);
    events += 1;
    onEvents(1);
  });
  const records = registry.tokensByEnd(0, MAX_EPOCH_SECONDS + 1);
  await untilDamaged(damages, 'the list of tokens', records, ({ client }) => names.add(`client:${client}`));
  await untilDamaged(damages, 'the list of requests', registry.requests(), ({ client }) =>
    names.add(`client:${client}`),
  );
  return { whole: 'registry', aggregates: [...names].toSorted().map(aggregateRef), events, damages };
}

/** Goes on behind an event that cannot be read: the chains are checked one by one, here only names are wanted. */
async function* eventsOfAllTime(registry: Registry): AsyncGenerator<AuditEvent> {
  const end = (MAX_EPOCH_SECONDS + 1) * 1000;
  let from = 0;
  let damage: unknown;
  while (from < end) {
    try {
      for await (const event of registry.eventsByTime(from, end)) {
        yield event;
        from = parseMillis(event.at) + 1;
      }
      break;
    } catch (error) {
      if (!isDamage(error)) throw error;
      damage = error;
      from = await behindDamage(registry, from, end);
    }
  }
  if (damage !== undefined) throw damage;
}

/** The first moment, as far as halving finds it, from which on the next event can be read. */
async function behindDamage(registry: Registry, from: number, end: number): Promise<number> {
  if (await startsReadable(registry, from, end)) return from;
  let [bad, good] = [from, end];
  while (good - bad > 1) {
    const middle = Math.floor((bad + good) / 2);
    if (await startsReadable(registry, middle, end)) good = middle;
    else bad = middle;
  }
  return good;
}

async function startsReadable(registry: Registry, from: number, end: number): Promise<boolean> {
  try {
    for await (const _ of registry.eventsByTime(from, end)) return true;
    return true;
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

async function untilDamaged<T>(
  damages: string[],
  what: string,
  items: AsyncIterable<T>,
  take: (item: T) => void,
): Promise<void> {
  try {
    for await (const item of items) take(item);
  } catch (error) {
    if (!isDamage(error)) throw error;
    damages.push(`${what} cannot be read to its end: ${damageOf(error)}`);
  }
}

export function isDamage(error: unknown): error is ApikeyError {
  return error instanceof ApikeyError && error.code === 'STORE_DAMAGED';
}

/** What is damaged, in one line. */
export function damageOf({ message, why }: ApikeyError): string {
  return why === undefined ? message : `${message} (${why})`;
}
