/** Every row of a population, as the product would have written it had it issued each token alone. */
import { GENESIS_HASH, sha256Hex, type Client, type TokenRecord } from '@apikey/shared';
import { hash, randomUUID } from 'node:crypto';
import type { EventModel } from './model-token.ts';
import type { Population } from './population.ts';
import { clientId, dueClients, TOKENS_PER_CLIENT, tokensOf, ttlOf, type Place } from './shape.ts';

export interface Row {
  readonly kind: 'token' | 'event' | 'client' | 'ring';
  /** As JSON. */
  readonly document: string;
}

interface Chain {
  seq: number;
  hash: string;
}

/** Milliseconds before now at which the first token was issued; the last one half of it later. */
const AGE = 20 * 86_400_000;

/**
 * Each token is prepared and activated by a commit of its own, all clients in turn, in the order of time: what belongs
 * to one client lies scattered over the tables, as in a registry that has grown for years.
 */
export function* rowsOf({ shape, ring, ringEvents, real, model }: Population): Generator<Row> {
  yield { kind: 'ring', document: JSON.stringify(ring) };
  for (const event of ringEvents) yield { kind: 'event', document: JSON.stringify(event) };
  const started = Date.now() - AGE;
  const createdAt = Math.floor(started / 1000);
  const step = AGE / 2 / tokensOf(shape);
  const due = new Set(dueClients(shape));
  const realAt = new Map(real.map(({ place, record }) => [`${place.client} ${place.n}`, record]));
  const chains = Array.from({ length: shape.clients }, (): Chain => ({ seq: 0, hash: GENESIS_HASH }));
  let millis = started;
  for (let n = 0; n < TOKENS_PER_CLIENT; n++) {
    for (const [client, chain] of chains.entries()) {
      const id = clientId(client);
      const at = new Date(millis).toISOString();
      const record = realAt.get(`${client} ${n}`) ?? imagined({ client, n }, millis, due);
      const { jti, payloadSha256, iat, exp } = record;
      if (n === 0) yield appended(chain, model.registered, [at, id, createdAt]);
      yield appended(chain, model.prepared, [at, id, jti, payloadSha256, iat, exp]);
      yield appended(chain, model.activated, [at, id, jti]);
      yield { kind: 'token', document: model.record(id, jti, payloadSha256, iat, exp) };
      millis += step;
    }
  }
  for (const [client, chain] of chains.entries()) {
    yield { kind: 'client', document: JSON.stringify(clientOf(client, chain, createdAt)) };
  }
}

/** The next event of a chain; `values` are those of the model's holes but for the place in the chain. */
function appended(chain: Chain, event: EventModel, values: readonly (string | number)[]): Row {
  const holes = [chain.seq + 1, chain.hash, ...values];
  chain.seq += 1;
  chain.hash = hash('sha256', event.hashed(...holes));
  return { kind: 'event', document: event.stored(...holes, chain.hash) };
}

type Imagined = Pick<TokenRecord, 'jti' | 'payloadSha256' | 'iat' | 'exp'>;

function imagined(place: Place, millis: number, due: ReadonlySet<number>): Imagined {
  const jti = randomUUID();
  const iat = Math.floor(millis / 1000);
  // What ends soon does so counted from now, not from its issue.
  const start = due.has(place.client) ? Math.floor(Date.now() / 1000) : iat;
  return { jti, payloadSha256: sha256Hex(jti), iat, exp: start + ttlOf(place, due) };
}

function clientOf(client: number, { seq, hash: eventHash }: Chain, createdAt: number): Client {
  const version = 2 * TOKENS_PER_CLIENT;
  return { id: clientId(client), state: 'active', epoch: 1, createdAt, version, eventSeq: seq, eventHash };
}
