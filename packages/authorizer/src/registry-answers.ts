/** Checks what a registry answers before a decision rests on it: half an answer is a fault, a malformed record is none. */
import {
  InvalidStateError,
  type Client,
  type KeyRing,
  type KeyState,
  type RingKey,
  type StatusReader,
  type TokenRecord,
  type TokenStatus,
} from '@apikey/shared';
import { AuthorizerFault } from './fault.ts';

/** An entry of the registry that is not what apikey writes: it counts as absent, and is reported. */
export type RegistryProblem = 'RECORD_INVALID' | 'CLIENT_INVALID';

export interface CheckedStatus extends TokenStatus {
  readonly problem?: RegistryProblem;
}

/**
 * Reads a token's status. Rejects with what the reader threw, or with an `AuthorizerFault` `REGISTRY_INVALID` for an answer
 * that does not say of both record and client whether they exist.
 */
export async function readCheckedStatus(
  reader: Pick<StatusReader, 'readStatus'>,
  jti: string,
  clientId: string,
  signal?: AbortSignal,
): Promise<CheckedStatus> {
  let answer: unknown;
  try {
    answer = await reader.readStatus(jti, clientId, signal);
  } catch (error) {
    if (!isDamagedEntry(error)) throw error;
    return { record: undefined, client: undefined, problem: 'RECORD_INVALID' };
  }
  // An absent member is not the same as one that says "absent": nobody looked.
  if (!isObject(answer) || !('record' in answer) || !('client' in answer))
    throw new AuthorizerFault('REGISTRY_INVALID');
  return checkStatus(answer['record'], answer['client'], jti);
}

function checkStatus(record: unknown, client: unknown, jti: string): CheckedStatus {
  const recordInvalid = record !== undefined && !isRecord(record, jti);
  const clientInvalid = client !== undefined && !isClient(client);
  return {
    record: recordInvalid ? undefined : record,
    client: clientInvalid ? undefined : client,
    ...(recordInvalid ? { problem: 'RECORD_INVALID' } : clientInvalid ? { problem: 'CLIENT_INVALID' } : {}),
  };
}

/** The keys of a ring by `kid`. Throws `RING_MISSING` or `REGISTRY_INVALID`. */
export function checkRing(answer: unknown): ReadonlyMap<string, RingKey> {
  if (answer === undefined) throw new AuthorizerFault('RING_MISSING');
  const entries: unknown = isObject(answer) ? answer['keys' satisfies keyof KeyRing] : undefined;
  if (!Array.isArray(entries) || !entries.every((entry) => isRingKey(entry))) {
    throw new AuthorizerFault('REGISTRY_INVALID');
  }
  const keys = new Map(entries.map((key) => [key.kid, key]));
  if (keys.size !== entries.length) throw new AuthorizerFault('REGISTRY_INVALID');
  return keys;
}

function isDamagedEntry(error: unknown): boolean {
  return error instanceof InvalidStateError && error.code === 'STORE_DAMAGED';
}

/** The members that a decision reads, each of its type: what compares equal must not do so for being absent on both sides. */
function isRecord(value: unknown, jti: string): value is TokenRecord {
  if (!isObject(value)) return false;
  const { client, state, epoch, kid, exp, liveUntil, scopes, payloadSha256 } = value;
  const texts = [client, kid, payloadSha256].every((text) => typeof text === 'string');
  const numbers = [epoch, exp, liveUntil].every((number) => Number.isSafeInteger(number));
  const known = state === 'active' || state === 'pending' || state === 'revoked';
  return value['jti'] === jti && known && texts && numbers && isTexts(scopes);
}

function isClient(value: unknown): value is Client {
  if (!isObject(value)) return false;
  const { id, state, epoch, scopes, cidrs } = value;
  const limits = (scopes === undefined || isTexts(scopes)) && (cidrs === undefined || isTexts(cidrs));
  return (
    typeof id === 'string' && (state === 'active' || state === 'suspended') && Number.isSafeInteger(epoch) && limits
  );
}

const KEY_STATES: ReadonlySet<unknown> = new Set<KeyState>(['pending', 'active', 'retiring', 'retired', 'revoked']);

function isRingKey(value: unknown): value is RingKey {
  if (!isObject(value)) return false;
  const { kid, alg, ref, state } = value;
  return [kid, alg, ref].every((text) => typeof text === 'string') && KEY_STATES.has(state);
}

function isTexts(value: unknown): value is string[] {
  if (!Array.isArray(value)) return false;
  // A loop, as in `coversScopes`.
  for (const item of value) if (typeof item !== 'string') return false;
  return true;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
