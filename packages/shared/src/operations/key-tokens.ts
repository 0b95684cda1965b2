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
 * Records that are live, or could become so, the last to end first: neither revoked, nor at their end, nor of a client
 * that was revoked since. None is missed, though one that is rotated meanwhile may come twice. Whether their keys are
 * usable is left to the caller.
 */
export async function* dependentTokens({ registry, clock }: ReadDeps): AsyncGenerator<DependentToken> {
  const now = clock.now() / 1000;
  const clients = new Map<string, Client | undefined>();
  for await (const record of registry.tokensByEnd(Math.floor(now), MAX_EPOCH_SECONDS, { latestFirst: true })) {
    if (record.state === 'revoked' || now >= endOfLife(record)) continue;
    if (!clients.has(record.client)) clients.set(record.client, await registry.getClient(record.client));
    const client = clients.get(record.client);
    if (client !== undefined && client.epoch === record.epoch) yield { record, client };
  }
}

/** Those that name one key, each once, by ascending end. */
export async function tokensOfKey(deps: ReadDeps, kid: string): Promise<TokenRecord[]> {
  const records = new Map<string, TokenRecord>();
  for await (const { record } of dependentTokens(deps)) if (record.kid === kid) records.set(record.jti, record);
  return [...records.values()].toReversed();
}
