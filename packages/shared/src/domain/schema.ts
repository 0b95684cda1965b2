/**
 * Parses what a registry stored back into records. Strict on purpose: a member that this version does not know is
 * refused, since dropping it would lose it at the next write, and a newer version announces itself by other means.
 */
import * as z from 'zod/mini';
import type { Change, ClientChange } from './change.ts';
import { ApikeyError } from './errors.ts';
import { isClientId, isJti, isKid } from './identifiers.ts';
import {
  aggregateName,
  EVENT_ACTIONS,
  type AuditEvent,
  type Client,
  type EpochSeconds,
  type Json,
  type JsonObject,
  type KeyRing,
  type RequestRecord,
  type TokenRecord,
} from './records.ts';
import { isMillis, MAX_EPOCH_SECONDS } from './time.ts';

// A lone surrogate has no UTF-8, and so no hash.
const text = z.string().check(
  z.minLength(1),
  z.refine((it) => it.isWellFormed(), 'a character without UTF-8'),
);
const words = z.array(text);
const seconds = z.int().check(z.gte(0), z.lte(MAX_EPOCH_SECONDS));
const count = z.int().check(z.gte(0));
const positive = z.int().check(z.gte(1));
const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const clientId = z.string().check(z.refine(isClientId));
const jti = z.string().check(z.refine(isJti));
const kid = z.string().check(z.refine(isKid));
const requestId = z.string().check(z.regex(/^[\x21-\x7E]{1,128}$/));
const ringName = z.string().check(z.refine(isRingName));
const optional = z.exactOptional;

const head = { version: positive, eventSeq: positive, eventHash: sha256 };

const client = z
  .strictObject({
    id: clientId,
    state: z.enum(['active', 'suspended']),
    epoch: count,
    scopes: optional(words),
    cidrs: optional(words),
    contact: optional(text),
    owner: optional(text),
    purpose: optional(text),
    maxTtl: optional(positive),
    createdAt: seconds,
    ...head,
  })
  .check(z.refine((it) => it.eventSeq >= it.version, 'every version has an event'));

const tokenRecord = z
  .strictObject({
    jti,
    client: clientId,
    state: z.enum(['pending', 'active', 'revoked']),
    epoch: count,
    kid,
    iat: seconds,
    exp: seconds,
    liveUntil: seconds,
    scopes: words,
    aud: words,
    payloadSha256: sha256,
    iss: text,
    nbf: optional(seconds),
    note: optional(text),
    replaces: optional(jti),
    replacedBy: optional(jti),
    grace: optional(count),
    issuedBy: text,
    requestId: optional(requestId),
    kmsRequestId: optional(text),
    grantSeq: optional(positive),
    regrantSeq: optional(positive),
    revokedAt: optional(seconds),
    revokedBy: optional(text),
    reason: optional(text),
  })
  .check(
    z.refine((it) => it.iat <= it.exp, 'exp lies before iat'),
    z.refine((it) => it.liveUntil <= it.exp, 'liveUntil lies after exp'),
    z.refine((it) => (it.state === 'revoked') === (it.revokedAt !== undefined), 'state and revokedAt disagree'),
    z.refine((it) => it.grace === undefined || it.replaces !== undefined, 'a grace period without a replaced token'),
    z.refine((it) => it.replaces !== it.jti && it.replacedBy !== it.jti, 'it replaces itself'),
  );

const ringKey = z.strictObject({
  kid,
  alg: text,
  ref: text,
  state: z.enum(['pending', 'active', 'retiring', 'retired', 'revoked']),
  createdAt: seconds,
  activatedAt: optional(seconds),
  retiringAt: optional(seconds),
  retiredAt: optional(seconds),
  revokedAt: optional(seconds),
});

const keyRing = z.strictObject({ name: ringName, keys: z.array(ringKey), ...head }).check(
  z.refine((it) => it.eventSeq >= it.version, 'every version has an event'),
  z.refine((it) => new Set(it.keys.map((key) => key.kid)).size === it.keys.length, 'a kid appears twice'),
  z.refine((it) => it.keys.filter((key) => key.state === 'active').length <= 1, 'several keys are active'),
);

const request = z.strictObject({
  id: requestId,
  parameterHash: sha256,
  jti,
  client: clientId,
  createdAt: seconds,
  exp: seconds,
});

const tokenUse = z.strictObject({ jti, client: clientId, usedAt: seconds });

const json = z.custom<Json>(isJson);
const members = z.custom<JsonObject>(
  (value) => isJson(value) && value !== null && typeof value === 'object' && !Array.isArray(value),
);

const event = z.strictObject({
  seq: positive,
  at: z.string().check(z.refine(isMillis)),
  actor: text,
  action: z.enum(EVENT_ACTIONS),
  aggregate: z.union([
    z.templateLiteral(['client:', z.string()]).check(z.refine((it) => isClientId(it.slice('client:'.length)))),
    z.templateLiteral(['ring:', z.string()]).check(z.refine((it) => isRingName(it.slice('ring:'.length)))),
  ]),
  subject: text,
  // The hash covers whatever a detail holds, so nothing of it may be dropped or refused here.
  detail: z.catchall(z.object({ entity: z.enum(['client', 'token', 'key']), before: members, after: members }), json),
  prev: sha256,
  hash: sha256,
  grant: optional(z.string().check(z.regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/), z.maxLength(8_192))),
  grantRequestId: optional(text),
});

/** Says what `z.json` says, which tries every kind of value for every value: most of the time that it takes to read an event. */
function isJson(value: unknown): value is Json {
  if (typeof value === 'object') {
    return value === null || Object.entries(value).every(([name, member]) => name.isWellFormed() && isJson(member));
  }
  if (typeof value === 'string') return value.isWellFormed();
  return typeof value === 'boolean' || Number.isFinite(value);
}

function isRingName(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,31}$/.test(name);
}

/** A stored client. Throws `STORE_DAMAGED`, as all functions of this module do. */
export function parseClient(value: unknown): Client {
  return parse('client', client, value);
}

export function parseTokenRecord(value: unknown): TokenRecord {
  return parse('token record', tokenRecord, value);
}

export function parseKeyRing(value: unknown): KeyRing {
  return parse('key ring', keyRing, value);
}

export function parseRequest(value: unknown): RequestRecord {
  return parse('request', request, value);
}

export function parseEvent(value: unknown): AuditEvent {
  return parse('event', event, value);
}

/** The last recorded use of a token. */
export function parseTokenUse(value: unknown): {
  readonly jti: string;
  readonly client: string;
  readonly usedAt: EpochSeconds;
} {
  return parse('record of use', tokenUse, value);
}

/** Where and how the first flaw was seen; never a stored value, which may be anything. */
function parse<T>(what: string, schema: z.ZodMiniType<T>, value: unknown): T {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'as a whole' : `at ${issue.path.join('.')}`;
  // The name of an unknown member is a stored value as well.
  const flaw = issue?.code === 'custom' ? issue.message : issue?.code;
  throw new ApikeyError('STORE_DAMAGED', `a ${what} in the registry is not what apikey wrote`, {
    why: `${where}: ${flaw ?? 'unreadable'}`,
    fix: 'restore the registry from a backup, or use the version of apikey that wrote it',
  });
}

/**
 * Refuses a change that could be written but not be read again, or whose parts contradict each other: a bug in its
 * maker, hence a `TypeError`. Adapters call it before they write.
 */
export function checkChange(change: Change): void {
  try {
    change.events.forEach(parseEvent);
    if (change.kind === 'ring') parseKeyRing(change.ring);
    else checkRecords(change);
  } catch (cause) {
    throw new TypeError('a change with an entry that could not be read again', { cause });
  }
  const aggregate = change.kind === 'ring' ? change.ring : change.client;
  const name =
    change.kind === 'ring'
      ? aggregateName({ kind: 'ring', id: change.ring.name })
      : aggregateName({ kind: 'client', id: change.client.id });
  const [first] = change.events;
  const last = change.events.at(-1);
  const sound =
    aggregate.version === change.expectedVersion + 1 &&
    (first?.seq === 1) === (change.expectedVersion === 0) &&
    aggregate.eventSeq === last?.seq &&
    aggregate.eventHash === last.hash &&
    change.events.every((it) => it.aggregate === name) &&
    change.events.slice(1).every((it, index) => follows(it, change.events[index]));
  if (!sound) throw new TypeError('a change whose version, head and events do not fit together');
}

function follows(it: AuditEvent, previous: AuditEvent | undefined): boolean {
  return it.seq === (previous?.seq ?? 0) + 1 && it.prev === previous?.hash;
}

function checkRecords(change: ClientChange): void {
  const { id } = parseClient(change.client);
  const records = [...change.created, ...change.updated].map(parseTokenRecord);
  const requests = change.requests.map(parseRequest);
  const owners = [...records, ...requests];
  if (owners.some((it) => it.client !== id)) throw new TypeError('an entry of another client');
  if (new Set(records.map((it) => it.jti)).size !== records.length) throw new TypeError('a jti appears twice');
  if (new Set(requests.map((it) => it.id)).size !== requests.length) throw new TypeError('a request id appears twice');
}
