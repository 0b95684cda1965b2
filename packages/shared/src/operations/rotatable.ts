/** Finds the tokens that can be rotated: live, and without a successor that is active. */
import { RefusedError } from '../domain/errors.ts';
import { endOfLife, judgeRecord } from '../domain/liveness.ts';
import type { Client, KeyRing, TokenRecord } from '../domain/records.ts';
import { requireActiveClient } from '../domain/transitions/tokens.ts';
import { requireClient } from './clients.ts';
import type { OperationDeps } from './types.ts';

type ReadDeps = Pick<OperationDeps, 'registry' | 'clock'>;

/**
 * The one token of a client that can be rotated; for a request id that has been used, the token which that request was
 * about, so that a rerun means the same one. Throws `CLIENT_NOT_FOUND`, `CLIENT_SUSPENDED`, or `AMBIGUOUS` with
 * the candidates where there is none or more than one.
 */
export async function findRotatable(deps: ReadDeps, clientId: string, requestId?: string): Promise<TokenRecord> {
  const [client, ring] = await Promise.all([requireClient(deps, clientId), deps.registry.readKeyRing()]);
  const named = requestId === undefined ? undefined : await replacedByRequest(deps, clientId, requestId);
  if (named !== undefined) return named;
  const candidates: TokenRecord[] = [];
  for await (const record of rotatableTokens(deps, client, ring)) candidates.push(record);
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return only;
  if (only === undefined) {
    requireActiveClient(client);
    throw new RefusedError('AMBIGUOUS', `client ${clientId} has no token that could be rotated`, {
      why: 'none is live without a successor',
      fix: 'issue a token instead',
    });
  }
  throw new RefusedError('AMBIGUOUS', `client ${clientId} has ${candidates.length} tokens that could be rotated`, {
    why: `it may be ${candidates.map(({ jti }) => jti).join(', ')}`,
    fix: 'name the one to rotate by its id',
  });
}

async function replacedByRequest(
  { registry }: ReadDeps,
  clientId: string,
  requestId: string,
): Promise<TokenRecord | undefined> {
  const request = await registry.getRequest(requestId);
  const made = request?.client === clientId ? await registry.getToken(clientId, request.jti) : undefined;
  return made?.replaces === undefined ? undefined : registry.getToken(clientId, made.replaces);
}

export interface RotatableFilter {
  readonly client?: string | undefined;
  /** Only those whose life ends within so many seconds. */
  readonly expiringWithin?: number | undefined;
}

/** Tokens that can be rotated, by client, then by time of issue. Throws `CLIENT_NOT_FOUND`. */
export async function* listRotatable(deps: ReadDeps, filter: RotatableFilter): AsyncGenerator<TokenRecord> {
  const ring = await deps.registry.readKeyRing();
  const until = filter.expiringWithin === undefined ? Infinity : deps.clock.now() / 1000 + filter.expiringWithin;
  const clients = filter.client === undefined ? deps.registry.clients() : [await requireClient(deps, filter.client)];
  for await (const client of clients) {
    for await (const record of rotatableTokens(deps, client, ring)) if (endOfLife(record) <= until) yield record;
  }
}

/** Live tokens of a client whose place nothing active has taken; a pending successor does not count. */
async function* rotatableTokens(
  { registry, clock }: ReadDeps,
  client: Client,
  ring: KeyRing | undefined,
): AsyncGenerator<TokenRecord> {
  const now = clock.now() / 1000;
  const replaced = new Set<string>();
  const live: TokenRecord[] = [];
  for await (const record of registry.tokensOfClient(client.id)) {
    const key = ring?.keys.find(({ kid }) => kid === record.kid);
    if (record.state === 'active' && record.replaces !== undefined) replaced.add(record.replaces);
    if (judgeRecord(record, client, key, now) === undefined) live.push(record);
  }
  yield* live.filter(({ jti }) => !replaced.has(jti)).toSorted((a, b) => a.iat - b.iat || (a.jti < b.jti ? -1 : 1));
}
