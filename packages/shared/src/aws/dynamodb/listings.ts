/**
 * The registry's listings. Those over all clients go through the buckets of the index that exist (see keys.ts): one
 * query for their names, then at least one for each, so that a report costs what its days or months hold, and half a
 * read unit for each that was emptied since.
 */
import { LAST_SEQ } from '../../domain/events.ts';
import type {
  AggregateRef,
  AuditEvent,
  Client,
  EpochMillis,
  EpochSeconds,
  RequestRecord,
  TokenRecord,
} from '../../domain/records.ts';
import { InvalidValueError } from '../../domain/errors.ts';
import { isClientId } from '../../domain/identifiers.ts';
import { formatMillis, MAX_EPOCH_SECONDS } from '../../domain/time.ts';
import { readClient, readEvent, readRequest, readToken } from './items.ts';
import {
  bucketName,
  bucketsPartition,
  clientPartition,
  CLIENTS_BUCKET,
  dayOf,
  eventsPartition,
  monthOf,
  padded,
  requestPrefix,
  REQUESTS_BUCKET,
  TABLE_KEYS,
  TOKEN_PREFIX,
  type BucketKind,
} from './keys.ts';
import type { EndOrder } from '../../ports/registry.ts';
import type { TableQueries } from './queries.ts';

/** Sorts behind every position, day and month. */
const END = '~';

export async function* tokensOfClient(queries: TableQueries, client: string, prefix = ''): AsyncGenerator<TokenRecord> {
  if (!isClientId(client)) return;
  const items = queries.partition(clientPartition(client), { prefix: `${TOKEN_PREFIX}${prefix}` });
  for await (const item of items) yield readToken(item);
}

/** So many clients are asked for a token whose client is not known; each costs half a read unit. */
const MAX_CLIENTS_ASKED = 500;
const ASKED_AT_ONCE = 16;

/**
 * Tokens by the beginning of their `jti`, which no key of the table holds: each client is asked, where there are not
 * too many. Clients that were registered within the last seconds may be missing from the index that lists them.
 */
export async function findTokens(
  queries: TableQueries,
  prefix: string,
  limit: number,
): Promise<readonly TokenRecord[]> {
  const ids: string[] = [];
  for await (const { id } of clients(queries)) {
    if (ids.length === MAX_CLIENTS_ASKED) throw tooManyClients();
    ids.push(id);
  }
  const found: TokenRecord[] = [];
  const waiting = ids.values();
  const work = async (): Promise<void> => {
    for (const id of waiting) {
      let count = 0;
      for await (const record of tokensOfClient(queries, id, prefix)) {
        found.push(record);
        count += 1;
        if (count === limit) break;
      }
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
  return found.toSorted((a, b) => (a.jti < b.jti ? -1 : 1)).slice(0, limit);
}

function tooManyClients(): InvalidValueError {
  return new InvalidValueError('INVALID_JTI', 'a shortened token id needs its client here', {
    why: `every client would have to be asked, and there are more than ${MAX_CLIENTS_ASKED}`,
    fix: 'add --client, or give the whole id',
  });
}

export async function* eventsOf(
  queries: TableQueries,
  aggregate: AggregateRef,
  fromSeq: number,
  toSeq: number = Infinity,
): AsyncGenerator<AuditEvent> {
  if (toSeq < fromSeq || fromSeq > LAST_SEQ) return;
  const to = toSeq > LAST_SEQ ? END : padded(Math.max(0, toSeq));
  const items = queries.partition(eventsPartition(aggregate), { from: padded(Math.max(0, fromSeq)), to });
  for await (const item of items) yield readEvent(item);
}

export async function* clients(queries: TableQueries): AsyncGenerator<Client> {
  for await (const item of queries.bucket(CLIENTS_BUCKET)) yield readClient(item);
}

export async function* requests(queries: TableQueries, client?: string): AsyncGenerator<RequestRecord> {
  const extent = client === undefined ? undefined : { prefix: requestPrefix(client) };
  for await (const item of queries.bucket(REQUESTS_BUCKET, extent)) yield readRequest(item);
}

export async function* tokensByEnd(
  queries: TableQueries,
  from: EpochSeconds,
  until: EpochSeconds,
  { latestFirst = false }: EndOrder = {},
): AsyncGenerator<TokenRecord> {
  const first = Math.max(0, Math.ceil(from));
  const end = Math.min(Math.ceil(until), MAX_EPOCH_SECONDS + 1);
  if (!(first < end)) return;
  // `<end>` alone sorts before `<end>#<jti>`, so that the range leaves out what ends at its end.
  const extent = { from: padded(first), to: padded(end) };
  const span = { from: monthOf(first), to: monthOf(end) };
  const months = latestFirst ? existingLatestFirst(queries, 'TOKENS', span) : existing(queries, 'TOKENS', span);
  const order = latestFirst ? 'descending' : 'ascending';
  for await (const month of months) {
    for await (const item of queries.bucket(month, extent, order)) yield readToken(item);
  }
}

export async function* eventsByTime(
  queries: TableQueries,
  from: EpochMillis,
  until: EpochMillis,
): AsyncGenerator<AuditEvent> {
  const extent = { from: eventTime(from), to: eventTime(until) };
  if (!(extent.from < extent.to)) return;
  for await (const day of existing(queries, 'EVENTS', { from: dayOf(extent.from), to: dayOf(extent.to) })) {
    for await (const item of queries.bucket(day, extent)) yield readEvent(item);
  }
}

interface Span {
  readonly from: string;
  readonly to: string;
}

/** The buckets of a kind in which something was ever put, from the first name to the last. */
async function* existing(queries: TableQueries, kind: BucketKind, span: Span): AsyncGenerator<string> {
  for await (const item of queries.partition(bucketsPartition(kind), span)) {
    yield bucketName(kind, item[TABLE_KEYS.sort]?.S ?? '');
  }
}

/** The same from the last to the first. Each is asked for when it is its turn, since one may have been added meanwhile. */
async function* existingLatestFirst(queries: TableQueries, kind: BucketKind, span: Span): AsyncGenerator<string> {
  let name = await nameBefore(queries, kind, { from: span.from, to: `${span.to}${END}` });
  while (name !== undefined) {
    yield bucketName(kind, name);
    name = await nameBefore(queries, kind, { from: span.from, to: name });
  }
}

/** The last name of a bucket that is before the end of the span. */
async function nameBefore(queries: TableQueries, kind: BucketKind, span: Span): Promise<string | undefined> {
  for await (const item of queries.partition(bucketsPartition(kind), span, 'descending')) {
    const name = item[TABLE_KEYS.sort]?.S;
    if (name !== span.to) return name;
  }
  return undefined;
}

/** The first event time at or after an instant, as text that sorts with event times, whatever number is given. */
function eventTime(millis: EpochMillis): string {
  const rounded = Math.ceil(millis);
  if (rounded > MAX_EPOCH_SECONDS * 1000 + 999) return END;
  return formatMillis(Math.max(rounded, 0));
}
