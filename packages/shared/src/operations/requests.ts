/** `--request-id`: what makes two runs the same request, and what a rerun finds. */
import { RefusedError } from '../domain/errors.ts';
import { canonicalJson } from '../domain/events.ts';
import type { Client, Json, RequestRecord, TokenRecord } from '../domain/records.ts';
import { sha256Hex } from '../jose/digest.ts';
import type { Registry } from '../ports/registry.ts';

/** A request as its first run describes it. */
export interface RequestIdentity {
  readonly id: string;
  readonly parameterHash: string;
}

/**
 * The identity of a run that was given a request id. Hashes the parameters as asked for, not what they came to: a
 * rerun tomorrow is still the same request.
 */
export function identifyRequest(
  id: string | undefined,
  operation: 'issue' | 'rotate',
  parameters: { readonly [name: string]: Json | undefined },
): RequestIdentity | undefined {
  if (id === undefined) return undefined;
  const given = Object.entries(parameters).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return { id, parameterHash: sha256Hex(canonicalJson({ operation, parameters: Object.fromEntries(given) })) };
}

/** What the first run records, beside the token record. */
export function requestRecord(
  request: RequestIdentity | undefined,
  token: Pick<TokenRecord, 'jti' | 'client' | 'iat' | 'exp'>,
): RequestRecord | undefined {
  if (request === undefined) return undefined;
  return { ...request, jti: token.jti, client: token.client, createdAt: token.iat, exp: token.exp };
}

export interface Resumable {
  readonly client: Client;
  readonly record: TokenRecord;
}

/** What an earlier run of a request left behind. */
export type RequestStanding =
  | { readonly kind: 'new' }
  | ({ readonly kind: 'pending' } & Resumable)
  /** Its token is live, or was: delivered and activated. */
  | { readonly kind: 'issued'; readonly record: TokenRecord; readonly error: RefusedError }
  /** `REQUEST_MISMATCH`, or `WRONG_STATE` where its token is beyond being completed. */
  | { readonly kind: 'refused'; readonly error: RefusedError };

/** @param known what is recorded of the request, and what its client and its token are now */
export function standingOf(
  request: RequestIdentity | undefined,
  known: RequestRecord | undefined,
  client: Client | undefined,
  record: TokenRecord | undefined,
): RequestStanding {
  if (known === undefined) return { kind: 'new' };
  if (known.parameterHash !== request?.parameterHash) {
    const error = new RefusedError('REQUEST_MISMATCH', `request id ${known.id} was used for something else`, {
      why: `it made token ${known.jti} of client ${known.client}, from other parameters`,
      fix: 'use another request id, or the same parameters',
    });
    return { kind: 'refused', error };
  }
  if (record?.state === 'pending' && client !== undefined) return { kind: 'pending', client, record };
  if (record?.state === 'active') {
    const error = new RefusedError('ALREADY_ISSUED', `request id ${known.id} has been completed`, {
      why: `token ${known.jti} of client ${known.client} was delivered and activated; nothing was signed now`,
      fix: 'use the token that was delivered, or another request id',
    });
    return { kind: 'issued', record, error };
  }
  const error = new RefusedError('WRONG_STATE', `request id ${known.id} cannot be run again`, {
    why: `token ${known.jti} of client ${known.client} is ${record?.state ?? 'no longer kept'}`,
    fix: 'use another request id',
  });
  return { kind: 'refused', error };
}

/** Reads a request anew. Reads its client before its token, so that no record is older than the client beside it. */
export async function readStanding(registry: Registry, request: RequestIdentity | undefined): Promise<RequestStanding> {
  const known = request === undefined ? undefined : await registry.getRequest(request.id);
  if (known === undefined) return { kind: 'new' };
  const client = await registry.getClient(known.client);
  return standingOf(request, known, client, await registry.getToken(known.client, known.jti));
}

/** The pending record that an earlier run of this request left, if any. Throws the error of any other standing. */
export async function findResumable(
  registry: Registry,
  request: RequestIdentity | undefined,
): Promise<Resumable | undefined> {
  const standing = await readStanding(registry, request);
  if (standing.kind === 'new') return undefined;
  if (standing.kind === 'pending') return standing;
  throw standing.error;
}
