/** The shapes that the registry keeps: clients, token records, key rings, requests and events (DESIGN sections 5 to 7). */

/** Whole seconds since 1970-01-01T00:00:00Z, as in a JWT's NumericDate. */
export type EpochSeconds = number;
/** Milliseconds since 1970-01-01T00:00:00Z, as a clock gives them. */
export type EpochMillis = number;

export type ClientState = 'active' | 'suspended';
export type TokenState = 'pending' | 'active' | 'revoked';
export type KeyState = 'pending' | 'active' | 'retiring' | 'retired' | 'revoked';

/** What both aggregates carry: the version that every commit expects and raises, and the head of their event chain. */
export interface AggregateHead {
  /** 1 after the first commit, one more with each. */
  readonly version: number;
  /** `seq` of the newest event of this aggregate. */
  readonly eventSeq: number;
  /** `hash` of the newest event of this aggregate, 64 hex digits. */
  readonly eventHash: string;
}

/** The machine or team that holds tokens. */
export interface Client extends AggregateHead {
  readonly id: string;
  readonly state: ClientState;
  /** Raised by one to end every token issued before; a token record keeps the epoch that it was prepared in. */
  readonly epoch: number;
  /** The scopes that its tokens may use; absent = no limit. An empty list allows none. */
  readonly scopes?: readonly string[];
  /** The networks that its requests may come from; absent = any. */
  readonly cidrs?: readonly string[];
  readonly contact?: string;
  readonly owner?: string;
  readonly purpose?: string;
  /** Longest lifetime of a new token, in seconds. */
  readonly maxTtl?: number;
  readonly createdAt: EpochSeconds;
}

/** What the registry keeps per token: everything but the token, from which nobody can rebuild it. */
export interface TokenRecord {
  /** The token's id, a lower-case UUID. */
  readonly jti: string;
  readonly client: string;
  readonly state: TokenState;
  /** The client's epoch when the record was prepared; written once. */
  readonly epoch: number;
  /** The signing key, by RFC 7638 thumbprint. */
  readonly kid: string;
  readonly iat: EpochSeconds;
  readonly exp: EpochSeconds;
  /** The token is not accepted from this second on; starts as `exp` and only ever decreases. */
  readonly liveUntil: EpochSeconds;
  readonly scopes: readonly string[];
  readonly aud: readonly string[];
  /** SHA-256 of the JWS payload bytes, 64 hex digits. */
  readonly payloadSha256: string;
  readonly iss: string;
  readonly nbf?: EpochSeconds;
  readonly note?: string;
  /** The `jti` that this token replaces. */
  readonly replaces?: string;
  /** The `jti` that replaces this token, set while its replacement is still pending. */
  readonly replacedBy?: string;
  /** With `replaces`: seconds for which the replaced token stays live once this one is activated. */
  readonly grace?: number;
  /** Who prepared it: an STS caller ARN, or `user@host`. */
  readonly issuedBy: string;
  readonly requestId?: string;
  /** Request id of the KMS `Sign` call, to find it in CloudTrail. */
  readonly kmsRequestId?: string;
  /** `seq` of the event that prepared it, where its signed grant begins. A hint: what is read there is verified. */
  readonly grantSeq?: number;
  /** `seq` of the newest event that prepared it anew. */
  readonly regrantSeq?: number;
  readonly revokedAt?: EpochSeconds;
  readonly revokedBy?: string;
  readonly reason?: string;
}

/** One signing key of a ring. */
export interface RingKey {
  /** RFC 7638 SHA-256 thumbprint of the public key, 43 base64url characters. */
  readonly kid: string;
  /** JOSE algorithm: the only one that this key signs and verifies with. */
  readonly alg: string;
  /** Where the key provider finds it: a key ARN, or a file's name. */
  readonly ref: string;
  readonly state: KeyState;
  readonly createdAt: EpochSeconds;
  readonly activatedAt?: EpochSeconds;
  readonly retiringAt?: EpochSeconds;
  readonly retiredAt?: EpochSeconds;
  readonly revokedAt?: EpochSeconds;
}

/** The signing keys of one environment, at most one of them active. */
export interface KeyRing extends AggregateHead {
  readonly name: string;
  readonly keys: readonly RingKey[];
}

/** The ring that signs tokens. */
export const MAIN_RING = 'main';
/** The ring that signs seals over the audit log, and nothing else. No authorizer reads it. */
export const SEAL_RING = 'seal';
export type RingName = typeof MAIN_RING | typeof SEAL_RING;

/** Remembers which token a `--request-id` made, and with which parameters. */
export interface RequestRecord {
  readonly id: string;
  /** SHA-256 of the canonical parameters, 64 hex digits. */
  readonly parameterHash: string;
  readonly jti: string;
  readonly client: string;
  readonly createdAt: EpochSeconds;
  /** `exp` of the token, from which a backend computes how long to keep this. */
  readonly exp: EpochSeconds;
}

/** Names one aggregate. */
export type AggregateRef =
  | { readonly kind: 'client'; readonly id: string }
  | { readonly kind: 'ring'; readonly id: string };

/** The name of an aggregate in events: `client:<id>` or `ring:<name>`. */
export type AggregateName = `client:${string}` | `ring:${string}`;

export function aggregateName(ref: AggregateRef): AggregateName {
  return `${ref.kind}:${ref.id}`;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json };
export type JsonObject = { readonly [member: string]: Json };

export const EVENT_ACTIONS = [
  'client.registered',
  'client.updated',
  'client.suspended',
  'client.resumed',
  'client.revoked',
  'token.prepared',
  'token.reprepared',
  'token.activated',
  'token.claimed',
  'token.replaced',
  'token.revoked',
  'key.created',
  'key.activated',
  'key.retiring',
  'key.retired',
  'key.revoked',
] as const;
export type EventAction = (typeof EVENT_ACTIONS)[number];

/** What an event changed: the fields of one entity before and after, `null` where absent. */
export interface EventDetail extends JsonObject {
  readonly entity: 'client' | 'token' | 'key';
  readonly before: JsonObject;
  readonly after: JsonObject;
  /** Why, as the admin said, where the entity itself has no place for it. */
  readonly reason?: string;
  /** On the first event of a commit: the version that the commit gave to its aggregate. */
  readonly version?: number;
  /** Of `token.prepared` with a request id: the parameters of the request, 64 hex digits. */
  readonly parameterHash?: string;
}

/** One entry of the audit log; `hash` covers all other members but those of the grant, `prev` is the hash before it. */
export interface AuditEvent {
  /** 1 for an aggregate's first event, without gaps. */
  readonly seq: number;
  /** RFC 3339 UTC time with milliseconds. */
  readonly at: string;
  readonly actor: string;
  readonly action: EventAction;
  readonly aggregate: AggregateName;
  /** The `jti`, `kid` or client id that the event is about. */
  readonly subject: string;
  readonly detail: EventDetail;
  readonly prev: string;
  readonly hash: string;
  /** On the last event of a commit that prepares tokens: the statement that the signing key made about this commit. */
  readonly grant?: string;
  /** Request id of the KMS `Sign` call that made `grant`. */
  readonly grantRequestId?: string;
}
