/**
 * A registry as it would be once the environment is set up: what exists is read through, what does not is imagined,
 * and nothing can be written. Dry runs and first runs are checked against it before anything is created.
 */
import { GENESIS_HASH, MAIN_RING, type KeyRing, type Registry, type SigningAlg } from '@apikey/shared';

/** Stands for the id of a key that is not made yet; of the form of an id, since a token's header is composed with it. */
export const FUTURE_KID: string = 'A'.repeat(43);

export function previewRegistry(existing: Registry | undefined, alg: SigningAlg, now: number): Registry {
  const imagined: KeyRing = {
    name: MAIN_RING,
    keys: [{ kid: FUTURE_KID, alg, ref: '', state: 'active', createdAt: now, activatedAt: now }],
    version: 1,
    eventSeq: 1,
    eventHash: GENESIS_HASH,
  };
  const ring = async (found: Promise<KeyRing | undefined> | undefined): Promise<KeyRing> => (await found) ?? imagined;
  return {
    readStatus: async (jti, client) =>
      (await existing?.readStatus(jti, client)) ?? { record: undefined, client: undefined },
    readKeyRing: () => ring(existing?.readKeyRing()),
    getRing: (name) => ring(existing?.getRing(name)),
    getClient: async (id) => existing?.getClient(id),
    getToken: async (client, jti) => existing?.getToken(client, jti),
    findToken: async (jti) => existing?.findToken(jti),
    findTokens: async (prefix, limit) => (await existing?.findTokens(prefix, limit)) ?? [],
    getRequest: async (id) => existing?.getRequest(id),
    getClients: async (ids) => (await existing?.getClients(ids)) ?? new Map(),
    getRequests: async (ids) => (await existing?.getRequests(ids)) ?? new Map(),
    tokensOfClient: (client, options) => existing?.tokensOfClient(client, options) ?? nothing(),
    tokensByEnd: (from, until, options) => existing?.tokensByEnd(from, until, options) ?? nothing(),
    requests: (client) => existing?.requests(client) ?? nothing(),
    clients: () => existing?.clients() ?? nothing(),
    eventsOf: (aggregate, fromSeq, toSeq) => existing?.eventsOf(aggregate, fromSeq, toSeq) ?? nothing(),
    eventsByTime: (from, until) => existing?.eventsByTime(from, until) ?? nothing(),
    lastUses: async (jtis) => (await existing?.lastUses(jtis)) ?? new Map(),
    commit: () => Promise.reject(new TypeError('a preview cannot be written to')),
    close: async () => existing?.close(),
  };
}

async function* nothing(): AsyncGenerator<never> {
  yield* [];
}
