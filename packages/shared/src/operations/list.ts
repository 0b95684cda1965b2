/** Listings of token records, each judged as if its token were presented now. */
import { withoutGrant } from '../domain/events.ts';
import { endOfLife } from '../domain/liveness.ts';
import type { Client, TokenState } from '../domain/records.ts';
import { inBatches } from './batches.ts';
import { USAGE_BATCH } from './last-uses.ts';
import { findTokenRecord } from './lookup.ts';
import { describeTokens, judgeOwn, TokenViews, type JudgedToken } from './token-views.ts';
import type { OperationDeps, TokenDetails, TokenVerdict, TokenView } from './types.ts';

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
export async function* listTokens(deps: ReadDeps, filter: ListFilter): AsyncGenerator<TokenView> {
  const views = new TokenViews(deps);
  // Across clients: most have a token or two, and usage is read for many at once.
  for await (const batch of inBatches(judgedTokens(deps, filter), USAGE_BATCH)) yield* await views.of(batch);
}

async function* judgedTokens({ registry, clock }: ReadDeps, filter: ListFilter): AsyncGenerator<JudgedToken> {
  const ring = await registry.readKeyRing();
  const now = clock.now() / 1000;
  const clients = filter.client === undefined ? registry.clients() : oneClient(await registry.getClient(filter.client));
  for await (const client of clients) {
    const records = await Array.fromAsync(registry.tokensOfClient(client.id));
    yield* judgeOwn(records, client, ring, now)
      .filter((token) => wanted(token, filter, now))
      .toSorted(byIssue);
  }
}

/** Oldest first. */
export function byIssue({ record: a }: TokenVerdict, { record: b }: TokenVerdict): number {
  return a.iat - b.iat || (a.jti < b.jti ? -1 : 1);
}

function oneClient(client: Client | undefined): readonly Client[] {
  return client === undefined ? [] : [client];
}

function wanted(token: TokenVerdict, { state, all, expiringWithin }: ListFilter, now: number): boolean {
  if (state !== undefined && token.record.state !== state) return false;
  if (expiringWithin !== undefined) return token.live && endOfLife(token.record) <= now + expiringWithin;
  return !token.over || all === true || state === 'revoked';
}

/** Everything that is known of one token. */
export async function showToken(deps: ReadDeps, jti: string, client?: string): Promise<TokenDetails> {
  const { registry } = deps;
  const record = await findTokenRecord(registry, jti, client);
  const [owner, ring] = await Promise.all([registry.getClient(record.client), registry.readKeyRing()]);
  const events = [];
  for await (const event of registry.eventsOf({ kind: 'client', id: record.client })) {
    if (event.subject === record.jti) events.push(withoutGrant(event));
  }
  const kin = [record.replaces, record.replacedBy].filter((it) => it !== undefined);
  const found = await Promise.all(kin.map((it) => registry.getToken(record.client, it)));
  const [view, ...others] = await describeTokens(deps, [record, ...found.filter((it) => it !== undefined)]);
  if (view === undefined) throw new TypeError(`token ${jti} was not described`);
  return {
    ...view,
    predecessor: others.find((other) => other.record.jti === record.replaces),
    successor: others.find((other) => other.record.jti === record.replacedBy),
    client: owner,
    key: ring?.keys.find(({ kid }) => kid === record.kid),
    events,
  };
}
