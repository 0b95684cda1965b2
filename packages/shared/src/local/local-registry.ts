/** The registry of the embedded backend: one SQLite file that any number of processes share. */
import type { Change } from '../domain/change.ts';
import {
  aggregateName,
  MAIN_RING,
  type AggregateRef,
  type AuditEvent,
  type Client,
  type EpochMillis,
  type EpochSeconds,
  type KeyRing,
  type RequestRecord,
  type TokenRecord,
} from '../domain/records.ts';
import {
  checkChange,
  parseClient,
  parseEvent,
  parseKeyRing,
  parseRequest,
  parseTokenRecord,
} from '../domain/schema.ts';
import { formatMillis, MAX_EPOCH_SECONDS } from '../domain/time.ts';
import type { EndOrder, Registry, TokenStatus } from '../ports/registry.ts';
import type { TokenUse } from '../ports/usage.ts';
import { CommitQueue } from './commit-queue.ts';
import type { Connection, Documents } from './connection.ts';
import { pageByEnd } from './pages-by-end.ts';
import { parseOnce } from './parse-once.ts';
import { ONE, PAGE } from './statements.ts';
import { DEFAULT_TUNING, RegistryFile, type LocalRegistryOptions, type Tuning } from './registry-file.ts';
import { readUses } from './usage.ts';

/**
 * Opens the registry `registry.db` in a data directory.
 *
 * Throws `NotFoundError` (`REGISTRY_NOT_FOUND`), `AccessDeniedError`, `UnavailableError` (also `STORE_FULL`), or
 * `InvalidStateError` (`STORE_FOREIGN`, `STORE_DAMAGED`).
 */
export function openLocalRegistry(options: LocalRegistryOptions): Registry {
  return openTunedRegistry(options);
}

/** As `openLocalRegistry`, with limits that tests set. */
export function openTunedRegistry(options: LocalRegistryOptions, tuning: Partial<Tuning> = {}): Registry {
  const limits = { ...DEFAULT_TUNING, ...tuning };
  return new LocalRegistry(new RegistryFile(options, limits), limits.pageSize);
}

class LocalRegistry implements Registry {
  readonly #file: RegistryFile;
  readonly #commits: CommitQueue;
  readonly #pageSize: number;
  readonly #token = parseOnce(parseTokenRecord);
  readonly #client = parseOnce(parseClient);
  readonly #ring = parseOnce(parseKeyRing);

  constructor(file: RegistryFile, pageSize: number) {
    this.#file = file;
    this.#commits = new CommitQueue(file);
    this.#pageSize = pageSize;
  }

  async commit(change: Change): Promise<void> {
    checkChange(change);
    await this.#commits.commit(change);
  }

  async readStatus(jti: string, clientId: string, signal?: AbortSignal): Promise<TokenStatus> {
    signal?.throwIfAborted();
    return this.#file.use((connection) => {
      const { record, client } = connection.row(ONE.status, clientId, jti) ?? {};
      return {
        record: record === null ? undefined : this.#token(record),
        client: client === null ? undefined : this.#client(client),
      };
    });
  }

  async readKeyRing(signal?: AbortSignal): Promise<KeyRing | undefined> {
    signal?.throwIfAborted();
    return this.getRing(MAIN_RING);
  }

  async getClient(id: string): Promise<Client | undefined> {
    return this.#file.use((connection) => connection.document(parseClient, ONE.client, id));
  }

  async getToken(client: string, jti: string): Promise<TokenRecord | undefined> {
    return this.#file.use((connection) => connection.document(parseTokenRecord, ONE.token, client, jti));
  }

  async findToken(jti: string): Promise<TokenRecord | undefined> {
    return this.#file.use((connection) => connection.document(parseTokenRecord, ONE.anyToken, jti));
  }

  async findTokens(prefix: string, limit: number): Promise<readonly TokenRecord[]> {
    return this.#file.use((connection) => {
      const { items, flaw } = connection.documents(parseTokenRecord, PAGE.tokensByJti, prefix, `${prefix}~`, limit);
      if (flaw !== undefined) throw flaw;
      return items;
    });
  }

  async getRequest(id: string): Promise<RequestRecord | undefined> {
    return this.#file.use((connection) => connection.document(parseRequest, ONE.request, id));
  }

  async getClients(ids: readonly string[]): Promise<ReadonlyMap<string, Client>> {
    return this.#each(ids, (connection, id) => connection.document(parseClient, ONE.client, id));
  }

  async getRequests(ids: readonly string[]): Promise<ReadonlyMap<string, RequestRecord>> {
    return this.#each(ids, (connection, id) => connection.document(parseRequest, ONE.request, id));
  }

  async getRing(name: string): Promise<KeyRing | undefined> {
    return this.#file.use((connection) => {
      const row = connection.row(ONE.ring, name);
      return row === undefined ? undefined : this.#ring(row['doc']);
    });
  }

  tokensOfClient(client: string, { prefix = '' }: { readonly prefix?: string } = {}): AsyncIterable<TokenRecord> {
    // A space sorts before every character of a UUID, a tilde behind: the least text after `jti`, and the greatest.
    return this.#pages((connection, last: TokenRecord | undefined) => {
      const from = last === undefined ? prefix : `${last.jti} `;
      return connection.documents(parseTokenRecord, PAGE.tokensOfClient, client, from, `${prefix}~`, this.#pageSize);
    });
  }

  tokensByEnd(from: EpochSeconds, until: EpochSeconds, options: EndOrder = {}): AsyncIterable<TokenRecord> {
    return this.#pages((connection, last: TokenRecord | undefined) =>
      pageByEnd(connection, { from, until, last, ...options }, this.#pageSize),
    );
  }

  requests(client?: string): AsyncIterable<RequestRecord> {
    return this.#pages((connection, last: RequestRecord | undefined) => {
      const [from, size] = [last?.id ?? '', this.#pageSize];
      return client === undefined
        ? connection.documents(parseRequest, PAGE.requests, from, size)
        : connection.documents(parseRequest, PAGE.requestsOfClient, client, from, size);
    });
  }

  clients(): AsyncIterable<Client> {
    return this.#pages((connection, last: Client | undefined) =>
      connection.documents(parseClient, PAGE.clients, last?.id ?? '', this.#pageSize),
    );
  }

  eventsOf(aggregate: AggregateRef, fromSeq = 1, toSeq = Number.MAX_SAFE_INTEGER): AsyncIterable<AuditEvent> {
    const name = aggregateName(aggregate);
    return this.#pages((connection, last: AuditEvent | undefined) =>
      connection.documents(parseEvent, PAGE.eventsOf, name, last?.seq ?? fromSeq - 1, toSeq, this.#pageSize),
    );
  }

  eventsByTime(from: EpochMillis, until: EpochMillis): AsyncIterable<AuditEvent> {
    const end = eventTime(until);
    return this.#pages((connection, last: AuditEvent | undefined) => {
      const { at, aggregate, seq } = last ?? { at: eventTime(from), aggregate: '', seq: 0 };
      return connection.documents(parseEvent, PAGE.eventsByTime, at, aggregate, seq, end, this.#pageSize);
    });
  }

  async lastUses(jtis: readonly string[]): Promise<ReadonlyMap<string, TokenUse>> {
    return this.#file.use((connection) => readUses(connection, jtis));
  }

  async close(): Promise<void> {
    this.#commits.flush();
    this.#file.close();
  }

  /** What was found for each id; SQLite answers one by one as fast as all together. */
  #each<T>(ids: readonly string[], read: (connection: Connection, id: string) => T | undefined): Map<string, T> {
    return this.#file.use((connection) => {
      const found = new Map<string, T>();
      for (const id of ids) {
        const item = read(connection, id);
        if (item !== undefined) found.set(id, item);
      }
      return found;
    });
  }

  async *#pages<T>(read: (connection: Connection, last: T | undefined) => Documents<T>): AsyncGenerator<T> {
    let last: T | undefined;
    for (;;) {
      const previous = last;
      const { items, flaw } = this.#file.use((connection) => read(connection, previous));
      yield* items;
      if (flaw !== undefined) {
        this.#file.use(() => {
          throw flaw;
        });
      }
      last = items.at(-1);
      if (items.length < this.#pageSize) return;
    }
  }
}

/** The first event time at or after an instant, as text that sorts with event times, whatever number is given. */
function eventTime(millis: EpochMillis): string {
  const rounded = Math.ceil(millis);
  if (rounded > MAX_EPOCH_SECONDS * 1000 + 999) return '~';
  return formatMillis(Math.max(rounded, 0));
}
