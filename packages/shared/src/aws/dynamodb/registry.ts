/** The registry of the AWS backend: one DynamoDB table for one environment. */
import type { Change } from '../../domain/change.ts';
import { isClientId, isJti } from '../../domain/identifiers.ts';
import {
  MAIN_RING,
  type AggregateRef,
  type AuditEvent,
  type Client,
  type EpochMillis,
  type EpochSeconds,
  type KeyRing,
  type RequestRecord,
  type TokenRecord,
} from '../../domain/records.ts';
import type { EndOrder, Registry, TokenStatus } from '../../ports/registry.ts';
import type { TokenUse } from '../../ports/usage.ts';
import type { Session } from '../session.ts';
import type { Item } from './attributes.ts';
import { explainMissingTable } from './creating.ts';
import { readClient, readPointer, readRequest, readToken } from './items.ts';
import { clientKey, DEFAULT_RETENTION_SECONDS, pointerKey, requestKey, tokenKey, type Key } from './keys.ts';
import { clients, eventsByTime, eventsOf, findTokens, requests, tokensByEnd, tokensOfClient } from './listings.ts';
import { TableQueries } from './queries.ts';
import { dynamoSession, TableReader, type DynamoClient, type DynamoTarget } from './reads.ts';
import { readRingByName, readStatus } from './status-reader.ts';
import { readUses } from './usage-reader.ts';
import { TableWriter } from './writes.ts';

const DEFAULT_PAGE_SIZE = 250;
/** No request id that apikey accepts is longer. */
const MAX_REQUEST_ID = 128;

export interface DynamoRegistryOptions extends DynamoTarget {
  readonly retentionSeconds?: number;
  /** Items that one query of a listing reads at most. */
  readonly pageSize?: number;
}

/**
 * Opens a registry; nothing is sent before the first call. Beside the port's errors: `CREDENTIALS_MISSING`,
 * `CONFIG_INVALID` (no Region), `CLOCK_SKEW`, `STORE_FOREIGN`, and `TypeError` for a change that is too large.
 */
export function dynamoRegistry(options: DynamoRegistryOptions): Registry {
  return new DynamoRegistry(options);
}

class DynamoRegistry implements Registry {
  readonly #session: Session<DynamoClient>;
  readonly #table: string;
  readonly #reader: TableReader;
  readonly #writer: TableWriter;
  readonly #queries: TableQueries;

  constructor(options: DynamoRegistryOptions) {
    const { table, retentionSeconds = DEFAULT_RETENTION_SECONDS, pageSize = DEFAULT_PAGE_SIZE } = options;
    this.#session = dynamoSession(options);
    this.#table = table;
    this.#reader = new TableReader(this.#session, table);
    this.#writer = new TableWriter(this.#session, this.#reader, table, retentionSeconds);
    this.#queries = new TableQueries(this.#session, table, pageSize);
  }

  commit(change: Change): Promise<void> {
    return this.#explained(() => this.#writer.commit(change));
  }

  readStatus(jti: string, clientId: string, signal?: AbortSignal): Promise<TokenStatus> {
    return this.#explained(() => readStatus(this.#reader, jti, clientId, signal));
  }

  readKeyRing(signal?: AbortSignal): Promise<KeyRing | undefined> {
    return this.#explained(() => readRingByName(this.#reader, MAIN_RING, signal));
  }

  getRing(name: string): Promise<KeyRing | undefined> {
    return this.#explained(() => readRingByName(this.#reader, name));
  }

  async getClient(id: string): Promise<Client | undefined> {
    return isClientId(id) ? this.#get(clientKey(id), readClient) : undefined;
  }

  async getToken(client: string, jti: string): Promise<TokenRecord | undefined> {
    return isClientId(client) && isJti(jti) ? this.#get(tokenKey(client, jti), readToken) : undefined;
  }

  async findToken(jti: string): Promise<TokenRecord | undefined> {
    if (!isJti(jti)) return undefined;
    const client = await this.#get(pointerKey(jti), readPointer);
    return client === undefined ? undefined : this.getToken(client, jti);
  }

  async findTokens(prefix: string, limit: number): Promise<readonly TokenRecord[]> {
    return this.#explained(() => findTokens(this.#queries, prefix, limit));
  }

  async getRequest(id: string): Promise<RequestRecord | undefined> {
    return id.length > MAX_REQUEST_ID ? undefined : this.#get(requestKey(id), readRequest);
  }

  async getClients(ids: readonly string[]): Promise<ReadonlyMap<string, Client>> {
    const found = await this.#getAll(ids.filter(isClientId).map(clientKey), readClient);
    return new Map(found.map((client) => [client.id, client]));
  }

  async getRequests(ids: readonly string[]): Promise<ReadonlyMap<string, RequestRecord>> {
    const found = await this.#getAll(ids.filter((id) => id.length <= MAX_REQUEST_ID).map(requestKey), readRequest);
    return new Map(found.map((request) => [request.id, request]));
  }

  tokensOfClient(client: string, options: { readonly prefix?: string } = {}): AsyncIterable<TokenRecord> {
    return this.#list(tokensOfClient(this.#queries, client, options.prefix));
  }

  tokensByEnd(from: EpochSeconds, until: EpochSeconds, order?: EndOrder): AsyncIterable<TokenRecord> {
    return this.#list(tokensByEnd(this.#queries, from, until, order));
  }

  requests(client?: string): AsyncIterable<RequestRecord> {
    return this.#list(requests(this.#queries, client));
  }

  clients(): AsyncIterable<Client> {
    return this.#list(clients(this.#queries));
  }

  eventsOf(aggregate: AggregateRef, fromSeq = 1, toSeq?: number): AsyncIterable<AuditEvent> {
    return this.#list(eventsOf(this.#queries, aggregate, fromSeq, toSeq));
  }

  eventsByTime(from: EpochMillis, until: EpochMillis): AsyncIterable<AuditEvent> {
    return this.#list(eventsByTime(this.#queries, from, until));
  }

  lastUses(jtis: readonly string[]): Promise<ReadonlyMap<string, TokenUse>> {
    return this.#explained(() => readUses(this.#reader, jtis));
  }

  async close(): Promise<void> {
    this.#session.close();
  }

  #get<T>(key: Key, read: (item: Item) => T): Promise<T | undefined> {
    return this.#explained(async () => {
      const item = await this.#reader.get(key);
      return item === undefined ? undefined : read(item);
    });
  }

  #getAll<T>(keys: readonly Key[], read: (item: Item) => T): Promise<T[]> {
    return this.#explained(async () => (await this.#reader.getMany(keys)).map(read));
  }

  async *#list<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
    try {
      yield* items;
    } catch (error) {
      throw await explainMissingTable(this.#session, this.#table, error);
    }
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw await explainMissingTable(this.#session, this.#table, error);
    }
  }
}
