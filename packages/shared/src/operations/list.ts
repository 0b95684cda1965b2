/** Listings of token records, each judged as if its token were presented now. */
import { endOfLife, isOver, judgeRecord } from '../domain/liveness.ts';
import type { Client, KeyRing, TokenRecord, TokenState } from '../domain/records.ts';
import { findTokenRecord } from './lookup.ts';
import type { OperationDeps, TokenDetails, TokenView } from './types.ts';

type ReadDeps = Pick<OperationDeps, 'registry' | 'clock'>;

export interface ListFilter {
  readonly client?: string | undefined;
  readonly state?: TokenState | undefined;
  /** Also those that can never be live again. Asking for revoked ones implies it for them. */
  readonly all?: boolean | undefined;
  /** Only live tokens whose life ends within so many seconds. */
  readonly expiringWithin?: number | undefined;
}

/** Tokens by client, then by time of issue. One client's tokens are held in memory at a time. */
export async function* listTokens({ registry, clock }: ReadDeps, filter: ListFilter): AsyncGenerator<TokenView> {
  const ring = await registry.readKeyRing();
  const now = clock.now() / 1000;
  const clients = filter.client === undefined ? registry.clients() : oneClient(await registry.getClient(filter.client));
  for await (const client of clients) {
    const views: TokenView[] = [];
    for await (const record of registry.tokensOfClient(client.id)) {
      const view = viewOf(record, client, ring, now);
      if (wanted(view, filter, now)) views.push(view);
    }
    yield* views.toSorted((a, b) => a.record.iat - b.record.iat || (a.record.jti < b.record.jti ? -1 : 1));
  }
}

function oneClient(client: Client | undefined): readonly Client[] {
  return client === undefined ? [] : [client];
}

function wanted(view: TokenView, { state, all, expiringWithin }: ListFilter, now: number): boolean {
  if (state !== undefined && view.record.state !== state) return false;
  if (expiringWithin !== undefined) return view.live && endOfLife(view.record) <= now + expiringWithin;
  return !view.over || all === true || state === 'revoked';
}

/** A record with its verdict; `now` in epoch seconds. */
export function viewOf(
  record: TokenRecord,
  client: Client | undefined,
  ring: KeyRing | undefined,
  now: number,
): TokenView {
  const key = ring?.keys.find(({ kid }) => kid === record.kid);
  const reason = judgeRecord(record, client, key, now);
  return { record, live: reason === undefined, reason, over: isOver(record, reason, now) };
}

/** Everything that is known of one token. */
export async function showToken({ registry, clock }: ReadDeps, jti: string, client?: string): Promise<TokenDetails> {
  const record = await findTokenRecord(registry, jti, client);
  const [owner, ring] = await Promise.all([registry.getClient(record.client), registry.readKeyRing()]);
  const events = [];
  for await (const event of registry.eventsOf({ kind: 'client', id: record.client })) {
    if (event.subject === record.jti) events.push(event);
  }
  return {
    ...viewOf(record, owner, ring, clock.now() / 1000),
    client: owner,
    key: ring?.keys.find(({ kid }) => kid === record.kid),
    events,
  };
}
