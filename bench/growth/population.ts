/** What a registry of some size holds before it is measured: a ring, real tokens, and the model of all the others. */
import {
  ensureKeyRing,
  issueToken,
  MAIN_RING,
  type AuditEvent,
  type KeyProvider,
  type KeyRing,
  type TokenRecord,
} from '@apikey/shared';
import { arraySink, memoryRegistry } from '@apikey/shared/testing';
import { acting, SCOPES } from '../harness/acting.ts';
import { makeModel, MODEL_TIME, type TokenModel } from './model-token.ts';
import { clientId, dueClients, realPlaces, ttlOf, type Place, type Shape } from './shape.ts';

export interface RealToken {
  readonly place: Place;
  readonly token: string;
  readonly record: TokenRecord;
}

export interface Population {
  readonly shape: Shape;
  readonly ring: KeyRing;
  readonly ringEvents: readonly AuditEvent[];
  readonly real: readonly RealToken[];
  readonly model: TokenModel;
}

/** Issues the real tokens through the product, into a registry in memory that is then forgotten. */
export async function populate(shape: Shape, keys: KeyProvider): Promise<Population> {
  const registry = memoryRegistry();
  let now = MODEL_TIME * 1000;
  const deps = acting(registry, keys, () => now);
  const { ring } = await ensureKeyRing(deps, 'ES256');
  const model = await makeModel(deps);
  now = Date.now();
  const due = new Set(dueClients(shape));
  const sink = arraySink();
  const places = realPlaces(shape);
  for (const place of places) {
    const request = { client: clientId(place.client), ttl: ttlOf(place, due), scopes: SCOPES, audience: [] };
    await issueToken(deps, request, sink);
  }
  const ringEvents = await Array.fromAsync(registry.eventsOf({ kind: 'ring', id: MAIN_RING }));
  const real: RealToken[] = [];
  for (const [k, place] of places.entries()) {
    const delivery = sink.deliveries[k];
    if (delivery === undefined) throw new Error('a token was not delivered');
    // What was delivered was pending then.
    real.push({ place, token: delivery.token, record: { ...delivery.record, state: 'active' } });
  }
  return { shape, ring, ringEvents, real, model };
}
