/** Records as items of the table: written with their keys, read without them, and never trusted. */
import { ApikeyError } from '../../domain/errors.ts';
import { endOfLife } from '../../domain/liveness.ts';
import type {
  AggregateRef,
  AuditEvent,
  Client,
  EpochSeconds,
  KeyRing,
  RequestRecord,
  TokenRecord,
} from '../../domain/records.ts';
import { isClientId } from '../../domain/identifiers.ts';
import {
  parseClient,
  parseEvent,
  parseKeyRing,
  parseRequest,
  parseTokenRecord,
  parseTokenUse,
} from '../../domain/schema.ts';
import { InvalidStateError } from '../../ports/errors.ts';
import type { TokenUse } from '../../ports/usage.ts';
import { fromAttributes, toAttributes, type Item } from './attributes.ts';
import {
  bucketName,
  clientKey,
  CLIENTS_BUCKET,
  dayOf,
  endPosition,
  eventKey,
  eventPosition,
  INDEX_KEYS,
  monthOf,
  pointerKey,
  requestKey,
  requestPosition,
  REQUESTS_BUCKET,
  ringKey,
  TABLE_KEYS,
  tokenKey,
  TTL_ATTRIBUTE,
  usageKey,
  type IndexKey,
  type Key,
} from './keys.ts';

/** What is not part of a record. */
const OUR_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...Object.values(TABLE_KEYS),
  ...Object.values(INDEX_KEYS),
  TTL_ATTRIBUTE,
]);

export function clientItem(client: Client): Item {
  return item(client, clientKey(client.id), { bucket: CLIENTS_BUCKET, position: client.id });
}
export function readClient(stored: Item): Client {
  return read(stored, parseClient, (client) => clientKey(client.id));
}

export function tokenItem(record: TokenRecord, retention: number): Item {
  const index = {
    bucket: bucketName('TOKENS', monthOf(endOfLife(record))),
    position: endPosition(endOfLife(record), record.jti),
  };
  return item(record, tokenKey(record.client, record.jti), index, record.exp + retention);
}
export function readToken(stored: Item): TokenRecord {
  return read(stored, parseTokenRecord, (record) => tokenKey(record.client, record.jti));
}

export function pointerItem({ client, jti, exp }: TokenRecord, retention: number): Item {
  return item({ client }, pointerKey(jti), undefined, exp + retention);
}
/** The client that a pointer names. */
export function readPointer(stored: Item): string {
  const { client, ...rest } = fromAttributes(withoutKeys(stored));
  if (typeof client === 'string' && isClientId(client) && Object.keys(rest).length === 0) return client;
  throw damaged('the pointer from a token to its client', 'it names no client');
}

export function ringItem(ring: KeyRing): Item {
  return item(ring, ringKey(ring.name));
}
export function readRing(stored: Item): KeyRing {
  return read(stored, parseKeyRing, (ring) => ringKey(ring.name));
}

export function requestItem(request: RequestRecord, retention: number): Item {
  const index = { bucket: REQUESTS_BUCKET, position: requestPosition(request.client, request.id) };
  return item(request, requestKey(request.id), index, request.exp + retention);
}
export function readRequest(stored: Item): RequestRecord {
  return read(stored, parseRequest, ({ id }) => requestKey(id));
}

export function eventItem(event: AuditEvent): Item {
  const index = {
    bucket: bucketName('EVENTS', dayOf(event.at)),
    position: eventPosition(event.at, event.aggregate, event.seq),
  };
  return item(event, eventKey(aggregateOf(event), event.seq), index);
}
export function readEvent(stored: Item): AuditEvent {
  return read(stored, parseEvent, (event) => eventKey(aggregateOf(event), event.seq));
}

export function useItem(use: TokenUse, exp: EpochSeconds, retention: number): Item {
  const { jti, client, usedAt } = use;
  return item({ jti, client, usedAt }, usageKey(jti), undefined, exp + retention);
}
export function readUse(stored: Item): TokenUse {
  return read(stored, parseTokenUse, ({ jti }) => usageKey(jti));
}

export function aggregateOf({ aggregate }: Pick<AuditEvent, 'aggregate'>): AggregateRef {
  const at = aggregate.indexOf(':');
  return { kind: aggregate.startsWith('client:') ? 'client' : 'ring', id: aggregate.slice(at + 1) };
}

function item(document: object, key: Key, index?: IndexKey, expiresAt?: number): Item {
  return { ...toAttributes(document), ...toAttributes({ ...key, ...index, [TTL_ATTRIBUTE]: expiresAt }) };
}

function withoutKeys(stored: Item): Item {
  return Object.fromEntries(Object.entries(stored).filter(([name]) => !OUR_ATTRIBUTES.has(name)));
}

function read<T>(stored: Item, parse: (value: unknown) => T, keyOf: (record: T) => Key): T {
  const record = parsed(withoutKeys(stored), parse);
  const key = keyOf(record);
  // A record under another's key would answer for it: a copied token record, say, for a token that never was.
  if (stored[TABLE_KEYS.partition]?.S === key.pk && stored[TABLE_KEYS.sort]?.S === key.sk) return record;
  throw damaged('an entry of the registry', 'it lies under the key of another');
}

function parsed<T>(stored: Item, parse: (value: unknown) => T): T {
  try {
    return parse(fromAttributes(stored));
  } catch (error) {
    if (!(error instanceof ApikeyError)) throw error;
    throw new InvalidStateError('STORE_DAMAGED', error.message, {
      ...(error.why === undefined ? {} : { why: error.why }),
      fix: 'find who changed the table by hand (CloudTrail), and restore the item from a point-in-time copy',
      cause: error,
    });
  }
}

function damaged(what: string, why: string): InvalidStateError {
  return new InvalidStateError('STORE_DAMAGED', `${what} is not what apikey wrote`, {
    why,
    fix: 'find who changed the table by hand (CloudTrail), and restore the item from a point-in-time copy',
  });
}
