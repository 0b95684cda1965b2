/** A registry in memory that keeps the port's contract: atomic commits, expectations, order, and nothing shared. */
import {
  checkChange,
  parseClient,
  parseEvent,
  parseKeyRing,
  parseRequest,
  parseTokenRecord,
  parseTokenUse,
} from '../domain/schema.ts';
import type { Change, ClientChange } from '../domain/change.ts';
import { endOfLife } from '../domain/liveness.ts';
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
import { ConflictError } from '../ports/errors.ts';
import type { EndOrder, Registry, TokenStatus } from '../ports/registry.ts';
import type { TokenUse, UsageRecorder } from '../ports/usage.ts';

/** A new, empty registry. What it returns is frozen, and is no object that was put in. */
export function memoryRegistry(): Registry & UsageRecorder {
  return new MemoryRegistry();
}

class MemoryRegistry implements Registry, UsageRecorder {
  readonly #clients = new Map<string, Client>();
  readonly #tokens = new Map<string, TokenRecord>();
  readonly #rings = new Map<string, KeyRing>();
  readonly #requests = new Map<string, RequestRecord>();
  readonly #events: AuditEvent[] = [];
  readonly #uses = new Map<string, TokenUse>();

  async commit(change: Change): Promise<void> {
    checkChange(change);
    const current = change.kind === 'client' ? this.#clients.get(change.client.id) : this.#rings.get(change.ring.name);
    if ((current?.version ?? 0) !== change.expectedVersion) throw new ConflictError('version');
    if (change.kind === 'client') this.#writeClient(change);
    else this.#rings.set(change.ring.name, frozen(parseKeyRing(change.ring)));
    for (const event of change.events) this.#events.push(frozen(parseEvent(event)));
  }

  #writeClient(change: ClientChange): void {
    const { client, created, updated, requests } = change;
    if (requests.some(({ id }) => this.#requests.has(id))) throw new ConflictError('request');
    const owned = (record: TokenRecord): boolean => this.#tokens.get(record.jti)?.client === client.id;
    if (created.some(({ jti }) => this.#tokens.has(jti)) || !updated.every(owned)) throw new ConflictError('token');
    this.#clients.set(client.id, frozen(parseClient(client)));
    for (const record of [...created, ...updated]) this.#tokens.set(record.jti, frozen(parseTokenRecord(record)));
    for (const request of requests) this.#requests.set(request.id, frozen(parseRequest(request)));
  }

  async readStatus(jti: string, clientId: string, signal?: AbortSignal): Promise<TokenStatus> {
    signal?.throwIfAborted();
    return { record: this.#tokenOf(clientId, jti), client: this.#clients.get(clientId) };
  }

  async readKeyRing(signal?: AbortSignal): Promise<KeyRing | undefined> {
    signal?.throwIfAborted();
    return this.#rings.get(MAIN_RING);
  }

  async getClient(id: string): Promise<Client | undefined> {
    return this.#clients.get(id);
  }

  async getToken(client: string, jti: string): Promise<TokenRecord | undefined> {
    return this.#tokenOf(client, jti);
  }

  async findToken(jti: string): Promise<TokenRecord | undefined> {
    return this.#tokens.get(jti);
  }

  async getRequest(id: string): Promise<RequestRecord | undefined> {
    return this.#requests.get(id);
  }

  async getClients(ids: readonly string[]): Promise<ReadonlyMap<string, Client>> {
    return new Map(ids.flatMap((id) => this.#clients.get(id) ?? []).map((client) => [client.id, client]));
  }

  async getRequests(ids: readonly string[]): Promise<ReadonlyMap<string, RequestRecord>> {
    return new Map(ids.flatMap((id) => this.#requests.get(id) ?? []).map((request) => [request.id, request]));
  }

  async getRing(name: string): Promise<KeyRing | undefined> {
    return this.#rings.get(name);
  }

  async findTokens(prefix: string, limit: number): Promise<readonly TokenRecord[]> {
    const found = [...this.#tokens.values()].filter(({ jti }) => jti.startsWith(prefix));
    return found.toSorted((a, b) => compare(a.jti, b.jti)).slice(0, limit);
  }

  async *tokensOfClient(
    client: string,
    { prefix = '' }: { readonly prefix?: string } = {},
  ): AsyncGenerator<TokenRecord> {
    const owned = [...this.#tokens.values()].filter((it) => it.client === client && it.jti.startsWith(prefix));
    yield* owned.toSorted((a, b) => compare(a.jti, b.jti));
  }

  async *tokensByEnd(
    from: EpochSeconds,
    until: EpochSeconds,
    { latestFirst = false }: EndOrder = {},
  ): AsyncGenerator<TokenRecord> {
    const due = [...this.#tokens.values()].filter((it) => from <= endOfLife(it) && endOfLife(it) < until);
    const sorted = due.toSorted((a, b) => endOfLife(a) - endOfLife(b) || compare(a.jti, b.jti));
    yield* latestFirst ? sorted.toReversed() : sorted;
  }

  async *requests(client?: string): AsyncGenerator<RequestRecord> {
    const named = [...this.#requests.values()].filter((it) => client === undefined || it.client === client);
    yield* named.toSorted((a, b) => compare(a.id, b.id));
  }

  async *clients(): AsyncGenerator<Client> {
    yield* [...this.#clients.values()].toSorted((a, b) => compare(a.id, b.id));
  }

  async *eventsOf(aggregate: AggregateRef, fromSeq = 1, toSeq = Infinity): AsyncGenerator<AuditEvent> {
    const name = aggregateName(aggregate);
    yield* this.#events.filter((it) => it.aggregate === name && it.seq >= fromSeq && it.seq <= toSeq);
  }

  async *eventsByTime(from: EpochMillis, until: EpochMillis): AsyncGenerator<AuditEvent> {
    const inside = this.#events.filter(({ at }) => from <= Date.parse(at) && Date.parse(at) < until);
    yield* inside.toSorted((a, b) => compare(a.at, b.at) || compare(a.aggregate, b.aggregate) || a.seq - b.seq);
  }

  async lastUses(jtis: readonly string[]): Promise<ReadonlyMap<string, TokenUse>> {
    const found = jtis.flatMap((jti) => this.#uses.get(jti) ?? []);
    return new Map(found.map((use) => [use.jti, use]));
  }

  async recordUse({ jti, client, usedAt }: TokenUse, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const use = frozen(parseTokenUse({ jti, client, usedAt }));
    if ((this.#uses.get(jti)?.usedAt ?? -1) < usedAt) this.#uses.set(jti, use);
  }

  async close(): Promise<void> {
    // Nothing is held.
  }

  #tokenOf(client: string, jti: string): TokenRecord | undefined {
    const record = this.#tokens.get(jti);
    return record?.client === client ? record : undefined;
  }
}

/** By code unit, as a backend orders keys; never by locale. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function frozen<T extends object>(value: T): T {
  const copy = structuredClone(value);
  freeze(copy);
  return copy;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const member of Object.values(value)) freeze(member);
  Object.freeze(value);
}
