/** A registry as loose documents, the way somebody with an editor sees it, and random histories to begin from. */
import fc from 'fast-check';
import {
  ApikeyError,
  hashEvent,
  sha256Hex,
  type AggregateRef,
  type AuditEvent,
  type AuditSource,
  type GrantVerifier,
  type Json,
  type Registry,
  type SealStatement,
} from '@apikey/shared';
import { seededEntropy } from '@apikey/shared/testing';
import {
  parseClient,
  parseEvent,
  parseKeyRing,
  parseRequest,
  parseTokenRecord,
} from '../../shared/src/domain/schema.ts';
import { ACTS } from '../../shared/src/operations/acts.fixture.ts';
import { newWorld, type World } from '../../shared/src/operations/world.fixture.ts';

export type Doc = Record<string, Json>;

export interface Documents {
  clients: Doc[];
  rings: Doc[];
  records: Doc[];
  requests: Doc[];
  events: Doc[];
}

export interface History {
  readonly documents: Documents;
  /** As it was half-way. */
  readonly earlier: Documents;
  /** Epoch milliseconds at its end. */
  readonly now: number;
  /** Keys and environment that its grants are verified by. */
  readonly grants: GrantVerifier;
}

/** A member that is a text, as it should be. */
export function text(member: Json | undefined): string {
  return typeof member === 'string' ? member : '';
}

const CLIENTS = ['acme', 'globex', 'initech'];
const DAY = 86_400_000;

/** Random operations on three clients and the ring, some of them refused, some cut short, over some months. */
export async function randomHistory(seed: number): Promise<History> {
  const made = await newWorld();
  const world: World = { ...made, deps: { ...made.deps, entropy: seededEntropy(seed) } };
  const step = fc.record({
    act: fc.constantFrom(...Object.keys(ACTS)),
    client: fc.constantFrom(...CLIENTS),
    n: fc.nat(50),
    pause: fc.constantFrom(0, 0, 1, 60_000, DAY, 9 * DAY),
    cutShort: fc.boolean(),
  });
  const [steps = []] = fc.sample(fc.array(step, { minLength: 8, maxLength: 20, size: 'max' }), { seed, numRuns: 1 });
  // What every kind of tampering needs to be there.
  for (const client of CLIENTS) {
    await act(world, 'issue', client, 0);
    await act(world, 'issue', client, 1);
    await act(world, 'resumable', client, 0);
  }
  await act(world, 'limit', 'acme', 1);
  const begun = steps.slice(0, steps.length / 2);
  for (const it of begun) await follow(world, it);
  const earlier = await documentsOf(world.registry);
  for (const it of steps.slice(begun.length)) await follow(world, it);
  for (const client of CLIENTS) await act(world, 'limit', client, 2);
  return { documents: await documentsOf(world.registry), earlier, now: world.clock.now(), grants: world.deps };
}

interface Step {
  readonly act: string;
  readonly client: string;
  readonly n: number;
  readonly pause: number;
  readonly cutShort: boolean;
}

async function follow(world: World, { act: name, client, n, pause, cutShort }: Step): Promise<void> {
  const failing = { check: async () => {}, deliver: () => Promise.reject(new ApikeyError('DELIVERY_FAILED', 'cut')) };
  const scene = cutShort ? { ...world, sink: { ...world.sink, ...failing } } : world;
  await act(scene, name, client, n);
  world.clock.advance(pause);
}

async function act(world: World, name: string, client: string, n: number): Promise<void> {
  const records = await Array.fromAsync(world.registry.tokensOfClient(client));
  const jti = records[n % Math.max(1, records.length)]?.jti ?? '00000000-0000-4000-8000-000000000000';
  try {
    await ACTS[name]?.(world, client, jti, n);
  } catch (error) {
    if (!(error instanceof ApikeyError)) throw error;
  }
}

/** Everything, as copies that may be changed. */
async function documentsOf(registry: Registry): Promise<Documents> {
  const clients = await Array.fromAsync(registry.clients());
  const ring = await registry.getRing('main');
  const records = await Promise.all(clients.map(({ id }) => Array.fromAsync(registry.tokensOfClient(id))));
  const events = await Array.fromAsync(registry.eventsByTime(0, 253_402_300_800_000));
  return structuredClone({
    clients,
    rings: ring === undefined ? [] : [ring],
    records: records.flat(),
    requests: await Array.fromAsync(registry.requests()),
    events,
  }) as never;
}

/** What a backend makes of such documents: found by their keys, in the order of their keys, parsed strictly. */
export function documentSource(documents: Documents): AuditSource {
  const named = (ref: AggregateRef): string => `${ref.kind}:${ref.id}`;
  return {
    survey: async () => {
      const names = new Set([
        ...documents.clients.map(({ id }) => `client:${text(id)}`),
        ...documents.rings.map(({ name }) => `ring:${text(name)}`),
        ...documents.events.map(({ aggregate }) => text(aggregate)),
        ...documents.records.map(({ client }) => `client:${text(client)}`),
        ...documents.requests.map(({ client }) => `client:${text(client)}`),
      ]);
      const refs = [...names].map((name): AggregateRef => {
        const [kind, id = ''] = name.split(':');
        return kind === 'ring' ? { kind, id } : { kind: 'client', id };
      });
      return { whole: 'registry', aggregates: refs, events: documents.events.length, damages: [] };
    },
    stored: async (ref) => {
      const found =
        ref.kind === 'ring'
          ? documents.rings.find(({ name }) => name === ref.id)
          : documents.clients.find(({ id }) => id === ref.id);
      if (found === undefined) return undefined;
      const aggregate = ref.kind === 'ring' ? parseKeyRing(found) : parseClient(found);
      return { aggregate, settled: aggregate.eventSeq };
    },
    eventsOf: async function* (ref, fromSeq) {
      const own = documents.events.filter(({ aggregate, seq }) => aggregate === named(ref) && Number(seq) >= fromSeq);
      for (const event of own.toSorted((a, b) => Number(a['seq']) - Number(b['seq']))) yield parseEvent(event);
    },
    recordsOf: async function* (client) {
      for (const record of documents.records) if (record['client'] === client) yield parseTokenRecord(record);
    },
    getToken: async (client, jti) => {
      const found = documents.records.find((it) => it['jti'] === jti && it['client'] === client);
      return found === undefined ? undefined : parseTokenRecord(found);
    },
    requestsOf: async function* (client, ids) {
      const asked = new Set<unknown>(ids);
      for (const it of documents.requests) if (it['client'] === client || asked.has(it['id'])) yield parseRequest(it);
    },
    getRequest: async (id) => {
      const found = documents.requests.find((it) => it['id'] === id);
      return found === undefined ? undefined : parseRequest(found);
    },
  };
}

/** A seal over where all chains stand. */
export function sealOf({ clients, rings }: Documents): SealStatement {
  const heads = [
    ...clients.map((it) => ({ aggregate: `client:${text(it['id'])}`, head: it })),
    ...rings.map((it) => ({ aggregate: `ring:${text(it['name'])}`, head: it })),
  ];
  return {
    env: 'local',
    at: '2027-01-15T08:00:00Z',
    chains: heads.map(({ aggregate, head }) => ({
      aggregate,
      seq: Number(head['eventSeq']),
      hash: text(head['eventHash']),
    })),
  };
}

/** One chain hashed anew, as who rewrites history would; the aggregate's head is left as it is. */
export function rehash(documents: Documents, aggregate: string): Doc | undefined {
  let last: Doc | undefined;
  for (const event of chainOf(documents, aggregate)) {
    event['prev'] = last?.['hash'] ?? '0'.repeat(64);
    event['hash'] = hashEvent(event as unknown as AuditEvent, sha256Hex);
    last = event;
  }
  return last;
}

/** The events of an aggregate by `seq`. */
export function chainOf({ events }: Documents, aggregate: string): Doc[] {
  return events.filter((it) => it['aggregate'] === aggregate).toSorted((a, b) => Number(a['seq']) - Number(b['seq']));
}
