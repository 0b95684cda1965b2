/** Clients as JSON: the field names that scripts rely on. Fields are only ever added; what is absent is null. */
import { formatSeconds, type Attention, type Client, type ClientDetails, type ClientView } from '@apikey/shared';

export interface ClientJson {
  readonly id: string;
  readonly state: Client['state'];
  readonly epoch: number;
  readonly contact: string | null;
  readonly owner: string | null;
  readonly purpose: string | null;
  /** Null = no limit; an empty list allows none. */
  readonly scopes: readonly string[] | null;
  /** Null = from anywhere. */
  readonly cidrs: readonly string[] | null;
  /** Seconds. */
  readonly maxTtl: number | null;
  readonly createdAt: string;
}

export function clientJson(client: Client): ClientJson {
  const { id, state, epoch, contact, owner, purpose, scopes, cidrs, maxTtl, createdAt } = client;
  return {
    id,
    state,
    epoch,
    contact: contact ?? null,
    owner: owner ?? null,
    purpose: purpose ?? null,
    scopes: scopes ?? null,
    cidrs: cidrs ?? null,
    maxTtl: maxTtl ?? null,
    createdAt: formatSeconds(createdAt),
  };
}

export interface ClientSummaryJson extends ClientJson {
  readonly liveTokens: number;
  readonly pendingTokens: number;
  readonly nextExpiry: string | null;
  readonly lastUsedAt: string | null;
  readonly attention: readonly Attention[];
}

/** When a client was last heard of, and what it needs. */
export function clientUseJson({
  lastUsedAt,
  attention,
}: Pick<ClientDetails, 'lastUsedAt' | 'attention'>): Pick<ClientSummaryJson, 'lastUsedAt' | 'attention'> {
  return { lastUsedAt: lastUsedAt === undefined ? null : formatSeconds(lastUsedAt), attention };
}

export function clientSummaryJson(view: ClientView): ClientSummaryJson {
  const { client, liveTokens, pendingTokens, nextExpiry } = view;
  return {
    ...clientJson(client),
    liveTokens,
    pendingTokens,
    nextExpiry: nextExpiry === undefined ? null : formatSeconds(nextExpiry),
    ...clientUseJson(view),
  };
}
