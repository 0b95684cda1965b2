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

/**
 * The pending record that an earlier run of this request left, if any. Throws `REQUEST_MISMATCH`, `ALREADY_ISSUED`,
 * or `WRONG_STATE` where its token is beyond being completed.
 */
export async function findResumable(
  registry: Registry,
  request: RequestIdentity | undefined,
): Promise<Resumable | undefined> {
  const known = request === undefined ? undefined : await registry.getRequest(request.id);
  if (known === undefined) return undefined;
  if (known.parameterHash !== request?.parameterHash) {
    throw new RefusedError('REQUEST_MISMATCH', `request id ${known.id} was used for something else`, {
      why: `it made token ${known.jti} of client ${known.client}, from other parameters`,
      fix: 'use another request id, or the same parameters',
    });
  }
  const client = await registry.getClient(known.client);
  const record = await registry.getToken(known.client, known.jti);
  if (record?.state === 'pending' && client !== undefined) return { client, record };
  if (record?.state === 'active') {
    throw new RefusedError('ALREADY_ISSUED', `request id ${known.id} has been completed`, {
      why: `token ${known.jti} of client ${known.client} was delivered and activated; nothing was signed now`,
      fix: 'use the token that was delivered, or another request id',
    });
  }
  throw new RefusedError('WRONG_STATE', `request id ${known.id} cannot be run again`, {
    why: `token ${known.jti} of client ${known.client} is ${record?.state ?? 'no longer kept'}`,
    fix: 'use another request id',
  });
}
