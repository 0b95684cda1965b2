/** Where clients, token records, key rings, requests and events live. */
import type { Change } from '../domain/change.ts';
import type {
  AggregateRef,
  AuditEvent,
  Client,
  EpochMillis,
  EpochSeconds,
  KeyRing,
  RequestRecord,
  TokenRecord,
} from '../domain/records.ts';
import type { UsageReader } from './usage.ts';

/** What one decision needs to know of a token. Each of the two is as new as the read, but not both of one instant. */
export interface TokenStatus {
  readonly record: TokenRecord | undefined;
  readonly client: Client | undefined;
}

/** The only part of a registry that an authorizer sees. Reads are strongly consistent. */
export interface StatusReader {
  /**
   * Token record and client in one round trip. The record is the one that this client owns: a `jti` of another
   * client is absent. Throws `UnavailableError`, `ThrottledError`, `AccessDeniedError`, `NotFoundError` (no registry)
   * or `InvalidStateError` (an entry that cannot be parsed); never answers "absent" for a read that failed.
   */
  readStatus(jti: string, clientId: string, signal?: AbortSignal): Promise<TokenStatus>;
  /** The ring that signs tokens; absent before the environment is set up. */
  readKeyRing(signal?: AbortSignal): Promise<KeyRing | undefined>;
}

export interface EndOrder {
  readonly latestFirst?: boolean;
}

/**
 * Reads and writes of the whole registry. Point reads and `tokensOfClient` are strongly consistent; the other
 * listings may lag by seconds on a distributed backend. Listings are lazy, in the order stated, and hold no
 * lock or snapshot between two items; an iterator that is left early frees what it holds.
 */
export interface Registry extends StatusReader, UsageReader {
  /**
   * Writes a change, all of it or nothing, durably before it resolves. Throws `ConflictError` when the aggregate's
   * version, the request id or a new `jti` is not as the change expects, or a record to update is not the client's;
   * `UnavailableError` with
   * `outcome: 'unknown'` when the answer was lost.
   */
  commit(change: Change): Promise<void>;
  getClient(id: string): Promise<Client | undefined>;
  getToken(client: string, jti: string): Promise<TokenRecord | undefined>;
  /** Finds a token whose client is not known. */
  findToken(jti: string): Promise<TokenRecord | undefined>;
  /**
   * Records of any client whose `jti` starts with these characters, by ascending `jti`, at most `limit`. Where that
   * takes a look at each client and there are too many, throws `InvalidValueError` (`INVALID_JTI`).
   */
  findTokens(prefix: string, limit: number): Promise<readonly TokenRecord[]>;
  getRequest(id: string): Promise<RequestRecord | undefined>;
  /** Those of these clients that exist, by id; each as `getClient` reads it, not all of one instant. */
  getClients(ids: readonly string[]): Promise<ReadonlyMap<string, Client>>;
  /** Those of these requests that exist, by id; each as `getRequest` reads it, not all of one instant. */
  getRequests(ids: readonly string[]): Promise<ReadonlyMap<string, RequestRecord>>;
  getRing(name: string): Promise<KeyRing | undefined>;
  /** A client's records by ascending `jti`; with `prefix`, those whose `jti` starts with it. */
  tokensOfClient(client: string, options?: { readonly prefix?: string }): AsyncIterable<TokenRecord>;
  /**
   * Records of all clients whose life ends (`endOfLife`) with `from <= end < until`, by ascending end, then `jti`. With
   * `latestFirst` in the reverse order: then a record whose life is cut short meanwhile is never missed, since it is
   * still ahead, though it may come twice.
   */
  tokensByEnd(from: EpochSeconds, until: EpochSeconds, options?: EndOrder): AsyncIterable<TokenRecord>;
  /** The requests that name this client, by ascending id; without one, all requests in any order. */
  requests(client?: string): AsyncIterable<RequestRecord>;
  /** All clients by ascending id. */
  clients(): AsyncIterable<Client>;
  /** One aggregate's events by ascending `seq`, from `fromSeq` (default 1) to `toSeq` (default: the last). */
  eventsOf(aggregate: AggregateRef, fromSeq?: number, toSeq?: number): AsyncIterable<AuditEvent>;
  /** Events of all aggregates with `from <= at < until`, by ascending `at`, then aggregate, then `seq`. */
  eventsByTime(from: EpochMillis, until: EpochMillis): AsyncIterable<AuditEvent>;
  close(): Promise<void>;
}
