/** What admins see of clients: each with what its tokens come to, when it was last heard of, and what needs attention. */
import { endOfLife } from '../domain/liveness.ts';
import type { AuditEvent, Client, EpochSeconds, KeyRing } from '../domain/records.ts';
import { ATTENTIONS, clientAttention, type Attention } from './attention.ts';
import { inBatches } from './batches.ts';
import { requireClient } from './clients.ts';
import { USAGE_BATCH } from './last-uses.ts';
import { byIssue } from './list.ts';
import { judgeOwn, TokenViews, type JudgedToken } from './token-views.ts';
import type { OperationDeps, TokenVerdict, TokenView } from './types.ts';

/** A client and what its tokens come to. */
export interface ClientView extends ClientUse {
  readonly client: Client;
  readonly liveTokens: number;
  readonly pendingTokens: number;
  /** First end of life among its live tokens, epoch seconds. */
  readonly nextExpiry: number | undefined;
}

interface ClientUse {
  /** The newest use that was recorded of any of its tokens, also of those that have ended. */
  readonly lastUsedAt: EpochSeconds | undefined;
  /** Its own, and what any of its tokens needs. */
  readonly attention: readonly Attention[];
}

type ReadDeps = Pick<OperationDeps, 'registry' | 'clock'>;

/** All clients by id, each with a summary of its tokens. */
export async function* listClients(deps: ReadDeps): AsyncGenerator<ClientView> {
  const views = new TokenViews(deps);
  for await (const batch of inBatches(judgedClients(deps), USAGE_BATCH, ({ tokens }) => tokens.length)) {
    const described = await views.of(batch.flatMap(({ tokens }) => tokens));
    let from = 0;
    for (const { client, tokens } of batch) {
      yield summary(client, described.slice(from, from + tokens.length));
      from += tokens.length;
    }
  }
}

async function* judgedClients(
  deps: ReadDeps,
): AsyncGenerator<{ readonly client: Client; readonly tokens: readonly JudgedToken[] }> {
  const ring = await deps.registry.readKeyRing();
  for await (const client of deps.registry.clients()) yield { client, tokens: await judgedOf(deps, client, ring) };
}

async function judgedOf(
  { registry, clock }: ReadDeps,
  client: Client,
  ring: KeyRing | undefined,
): Promise<JudgedToken[]> {
  const records = await Array.fromAsync(registry.tokensOfClient(client.id));
  return judgeOwn(records, client, ring, clock.now() / 1000).toSorted(byIssue);
}

function summary(client: Client, tokens: readonly TokenView[]): ClientView {
  const live = tokens.filter((token) => token.live);
  return {
    client,
    liveTokens: live.length,
    pendingTokens: tokens.filter(({ record, over }) => record.state === 'pending' && !over).length,
    nextExpiry: extreme(
      Math.min,
      live.map(({ record }) => endOfLife(record)),
    ),
    ...clientUse(client, tokens),
  };
}

function clientUse(client: Client, tokens: readonly TokenView[]): ClientUse {
  const open = tokens.filter(({ over }) => !over);
  const found = new Set([...clientAttention(client, open.length), ...tokens.flatMap(({ attention }) => attention)]);
  return {
    lastUsedAt: extreme(
      Math.max,
      tokens.flatMap(({ lastUsedAt }) => lastUsedAt ?? []),
    ),
    attention: ATTENTIONS.filter((attention) => found.has(attention)),
  };
}

function extreme(pick: (a: number, b: number) => number, values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => pick(a, b));
}

/** A client with those of its tokens that are not over, oldest first. */
export interface ClientTokens {
  readonly client: Client;
  readonly tokens: readonly TokenVerdict[];
}

/** What a change of a client touches; usage is not read, so that nothing depends on it. Throws `CLIENT_NOT_FOUND`. */
export async function openTokensOf(deps: ReadDeps, id: string): Promise<ClientTokens> {
  const [client, ring] = await Promise.all([requireClient(deps, id), deps.registry.readKeyRing()]);
  return { client, tokens: (await judgedOf(deps, client, ring)).filter(({ over }) => !over) };
}

/** What is known of one client. */
export interface ClientDetails extends ClientUse {
  readonly client: Client;
  /** Those that are not over, oldest first. */
  readonly tokens: readonly TokenView[];
}

/** A client with its tokens. Throws `CLIENT_NOT_FOUND`. */
export async function showClient(deps: ReadDeps, id: string): Promise<ClientDetails> {
  const [client, ring] = await Promise.all([requireClient(deps, id), deps.registry.readKeyRing()]);
  const tokens = await new TokenViews(deps).of(await judgedOf(deps, client, ring));
  return { client, tokens: tokens.filter(({ over }) => !over), ...clientUse(client, tokens) };
}

/** The events about the client itself, not its tokens, oldest first. */
export async function clientEvents({ registry }: Pick<OperationDeps, 'registry'>, id: string): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  for await (const event of registry.eventsOf({ kind: 'client', id })) if (event.subject === id) events.push(event);
  return events;
}
