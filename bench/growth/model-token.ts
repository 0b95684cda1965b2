/**
 * One token as the product issues it, as texts with holes: its record and its events. A token in a million differs from
 * it by its id, client, times, payload and place in the chain, and by nothing else.
 */
import { canonicalJson, issueToken, type AuditEvent, type OperationDeps, type TokenRecord } from '@apikey/shared';
import { arraySink } from '@apikey/shared/testing';
import { SCOPES } from '../harness/acting.ts';
import { template, type Fill } from './templates.ts';

/** Values that stand nowhere else in a record or an event, so that they can be found again. */
export const MODEL_TIME = 1_111_111_111;
const MODEL_TTL = 22_222_222;
const CLIENT = 'the-model-client';
const SEQ = '7777777777';
const PREV = 'p'.repeat(64);
const HASH = 'h'.repeat(64);

/** An event before and after its hash is known. Holes: seq, prev, at, client, jti, payloadSha256, iat, exp; last, the hash. */
export interface EventModel {
  readonly hashed: Fill;
  readonly stored: Fill;
}

export interface TokenModel {
  /** Holes: client, jti, payloadSha256, iat, exp. */
  readonly record: Fill;
  readonly registered: EventModel;
  readonly prepared: EventModel;
  readonly activated: EventModel;
}

/** Issues the model; the clock of `deps` has to stand at `MODEL_TIME`. */
export async function makeModel(deps: OperationDeps): Promise<TokenModel> {
  const request = { client: CLIENT, ttl: MODEL_TTL, scopes: SCOPES, audience: [] };
  const { record } = await issueToken(deps, request, arraySink());
  const [registered, prepared, activated] = await Array.fromAsync(
    deps.registry.eventsOf({ kind: 'client', id: CLIENT }),
  );
  if (registered === undefined || prepared === undefined || activated === undefined) throw new Error('too few events');
  const own = [CLIENT, record.jti, record.payloadSha256, String(record.iat), String(record.exp)];
  return {
    record: template(JSON.stringify(record satisfies TokenRecord), own),
    registered: eventModel(registered, [CLIENT, String(record.iat)]),
    prepared: eventModel(prepared, own),
    activated: eventModel(activated, own.slice(0, 2)),
  };
}

function eventModel(event: AuditEvent, own: readonly string[]): EventModel {
  const { hash: _, ...body } = { ...event, seq: Number(SEQ), prev: PREV };
  const holes = [SEQ, PREV, event.at, ...own];
  return {
    hashed: template(canonicalJson({ ...body, detail: { ...body.detail } }), holes),
    stored: template(JSON.stringify({ ...body, hash: HASH }), [...holes, HASH]),
  };
}
