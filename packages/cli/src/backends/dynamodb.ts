/** The DynamoDB adapter, imported when an environment names it. */
import type { Registry, SealStore } from '@apikey/shared';
import type { Settings } from '../config/resolve.ts';
import type { SkewWatch } from './host-clock.ts';
import { explainMissing } from './missing.ts';

/** Sends nothing: a table that is missing shows at the first call, as `REGISTRY_NOT_FOUND`. */
export async function openDynamo(settings: Settings, watch?: SkewWatch): Promise<Registry> {
  const { dynamoRegistry } = await import('@apikey/shared/dynamodb');
  return explaining(dynamoRegistry({ table: settings.registry.place, ...settings.aws, ...watch }), settings);
}

/** Sends nothing either. */
export async function openDynamoSeals(settings: Settings): Promise<SealStore> {
  const { dynamoSealStore } = await import('@apikey/shared/dynamodb');
  return dynamoSealStore({ table: settings.registry.place, ...settings.aws });
}

/** Names the command that makes a missing table, for this environment. */
function explaining(registry: Registry, settings: Settings): Registry {
  const asked = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw explainMissing(error, settings);
    }
  };
  async function* listed<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* items;
    } catch (error) {
      throw explainMissing(error, settings);
    }
  }
  return {
    commit: (change) => asked(registry.commit(change)),
    readStatus: (jti, client, signal) => asked(registry.readStatus(jti, client, signal)),
    readKeyRing: (signal) => asked(registry.readKeyRing(signal)),
    getRing: (name) => asked(registry.getRing(name)),
    getClient: (id) => asked(registry.getClient(id)),
    getToken: (client, jti) => asked(registry.getToken(client, jti)),
    findToken: (jti) => asked(registry.findToken(jti)),
    findTokens: (prefix, limit) => asked(registry.findTokens(prefix, limit)),
    getRequest: (id) => asked(registry.getRequest(id)),
    getClients: (ids) => asked(registry.getClients(ids)),
    getRequests: (ids) => asked(registry.getRequests(ids)),
    tokensOfClient: (client, options) => listed(registry.tokensOfClient(client, options)),
    tokensByEnd: (from, until, options) => listed(registry.tokensByEnd(from, until, options)),
    requests: (client) => listed(registry.requests(client)),
    clients: () => listed(registry.clients()),
    eventsOf: (aggregate, fromSeq, toSeq) => listed(registry.eventsOf(aggregate, fromSeq, toSeq)),
    eventsByTime: (from, until) => listed(registry.eventsByTime(from, until)),
    lastUses: (jtis) => asked(registry.lastUses(jtis)),
    close: () => registry.close(),
  };
}
