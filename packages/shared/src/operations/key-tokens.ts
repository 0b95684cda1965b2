/** The tokens that depend on signing keys. */
import { endOfLife } from '../domain/liveness.ts';
import { MAX_EPOCH_SECONDS } from '../domain/time.ts';
import type { Client, TokenRecord } from '../domain/records.ts';
import type { OperationDeps } from './types.ts';

type ReadDeps = Pick<OperationDeps, 'registry' | 'clock'>;

export interface DependentToken {
  readonly record: TokenRecord;
  readonly client: Client;
}

/**
 * Records that are live, or could become so, by ascending expiry: neither revoked, nor at their end, nor of a client
 * that was revoked since. Whether their keys are usable is left to the caller.
 */
export async function* dependentTokens({ registry, clock }: ReadDeps): AsyncGenerator<DependentToken> {
  const now = clock.now() / 1000;
  const clients = new Map<string, Client | undefined>();
  for await (const record of registry.tokensByExpiry(Math.floor(now), MAX_EPOCH_SECONDS)) {
    if (record.state === 'revoked' || now >= endOfLife(record)) continue;
    if (!clients.has(record.client)) clients.set(record.client, await registry.getClient(record.client));
    const client = clients.get(record.client);
    if (client !== undefined && client.epoch === record.epoch) yield { record, client };
  }
}

/** Those that name one key. */
export async function tokensOfKey(deps: ReadDeps, kid: string): Promise<TokenRecord[]> {
  const records: TokenRecord[] = [];
  for await (const { record } of dependentTokens(deps)) if (record.kid === kid) records.push(record);
  return records;
}
