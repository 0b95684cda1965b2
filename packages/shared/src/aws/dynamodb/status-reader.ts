/** The part of the DynamoDB registry that authorizers use: two kinds of read, no write, no listing. */
import { isClientId, isJti } from '../../domain/identifiers.ts';
import { MAIN_RING, type KeyRing } from '../../domain/records.ts';
import type { StatusReader, TokenStatus } from '../../ports/registry.ts';
import { AUTHORIZER } from '../client-settings.ts';
import { readClient, readRing, readToken } from './items.ts';
import { clientKey, ringKey, tokenKey, type Key } from './keys.ts';
import { dynamoSession, TableReader, type DynamoTarget } from './reads.ts';

/**
 * Reads statuses with the tight limits of an authorizer: one attempt, since its caller has a deadline and repeats by
 * itself. Its role needs `dynamodb:GetItem` and `dynamodb:BatchGetItem` on the leading keys `CLIENT#*` and `RING#*`.
 */
export function dynamoStatusReader(target: DynamoTarget): StatusReader {
  const session = dynamoSession({ timing: AUTHORIZER, ...target });
  const reader = new TableReader(session, target.table);
  return {
    readStatus: (jti, clientId, signal) => readStatus(reader, jti, clientId, signal),
    readKeyRing: (signal) => readRingByName(reader, MAIN_RING, signal),
  };
}

export async function readStatus(
  reader: TableReader,
  jti: string,
  clientId: string,
  signal?: AbortSignal,
): Promise<TokenStatus> {
  signal?.throwIfAborted();
  // A name that nothing can have is not asked for: it may be longer than a key, or empty.
  if (!isClientId(clientId)) return { record: undefined, client: undefined };
  const record = isJti(jti) ? tokenKey(clientId, jti) : undefined;
  const client = clientKey(clientId);
  const items = await reader.getAll(record === undefined ? [client] : [client, record], signal);
  const find = (key: Key | undefined) => items.find((item) => item['sk']?.S === key?.sk);
  const [clientItem, recordItem] = [find(client), find(record)];
  return {
    record: recordItem === undefined ? undefined : readToken(recordItem),
    client: clientItem === undefined ? undefined : readClient(clientItem),
  };
}

export async function readRingByName(
  reader: TableReader,
  name: string,
  signal?: AbortSignal,
): Promise<KeyRing | undefined> {
  const item = await reader.get(ringKey(name), signal);
  return item === undefined ? undefined : readRing(item);
}
