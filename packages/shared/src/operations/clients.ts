/** What admins do to clients: set their details, stop and resume them, and end all their tokens at once. */
import type { ChangeContext, ClientChange } from '../domain/change.ts';
import type { AuditEvent, Client, KeyRing } from '../domain/records.ts';
import * as transitions from '../domain/transitions/clients.ts';
import { revokeTokens } from '../domain/transitions/tokens.ts';
import { NotFoundError } from '../ports/errors.ts';
import { commitLoop, COMMIT_BUDGET, REVOKE_BUDGET } from './commit-loop.ts';
import { changeContext } from './context.ts';
import { viewOf } from './list.ts';
import type { OperationDeps, TokenView } from './types.ts';

/** Records per commit: each is one item and one event, and a transaction of DynamoDB takes 100 items. */
const BATCH = 40;

export interface ClientOutcome {
  /** As it is now. */
  readonly client: Client;
  /** False where nothing had to be changed. */
  readonly changed: boolean;
}

/** Sets details of a client, registering it if it is unknown. Narrower limits hold at the next decision. */
export async function setClient(
  deps: OperationDeps,
  id: string,
  settings: transitions.ClientSettings,
): Promise<ClientOutcome & { readonly registered: boolean }> {
  return commitLoop(deps, COMMIT_BUDGET, async () => {
    const client = await deps.registry.getClient(id);
    const change = transitions.setClient(client, id, settings, changeContext(deps));
    return { change, result: { ...outcome(change, client), registered: client === undefined } };
  });
}

/** Denies all tokens of a client until it is resumed. */
export function suspendClient(deps: OperationDeps, id: string, reason?: string): Promise<ClientOutcome> {
  return changeClient(deps, id, REVOKE_BUDGET, (client, context) => transitions.suspendClient(client, context, reason));
}

export function resumeClient(deps: OperationDeps, id: string): Promise<ClientOutcome> {
  return changeClient(deps, id, COMMIT_BUDGET, transitions.resumeClient);
}

/** Ends all tokens that the client has now, those being issued at this moment included, in one write. */
export function revokeClient(deps: OperationDeps, id: string, reason?: string): Promise<ClientOutcome> {
  return changeClient(deps, id, REVOKE_BUDGET, (client, context) => transitions.revokeClient(client, context, reason));
}

async function changeClient(
  deps: OperationDeps,
  id: string,
  budget: number,
  transition: (client: Client, context: ChangeContext) => ClientChange | undefined,
): Promise<ClientOutcome> {
  return commitLoop(deps, budget, async () => {
    const client = await requireClient(deps, id);
    const change = transition(client, changeContext(deps));
    return { change, result: outcome(change, client) };
  });
}

function outcome(change: ClientChange | undefined, before: Client | undefined): ClientOutcome {
  const client = change?.client ?? before;
  if (client === undefined) throw new TypeError('neither a client nor a change of it');
  return { client, changed: change !== undefined };
}

/**
 * Ends every token of a client: first all at once through its epoch, then record by record, so that each says when,
 * by whom and why. Returns how many records were marked; stopped half-way, the tokens are dead all the same.
 */
export async function revokeAllTokens(
  deps: OperationDeps,
  id: string,
  reason: string | undefined,
  onProgress: (marked: number) => void = () => {},
): Promise<{ readonly client: Client; readonly marked: number }> {
  const { client } = await revokeClient(deps, id, reason);
  const unmarked: string[] = [];
  for await (const record of deps.registry.tokensOfClient(id)) {
    if (record.state !== 'revoked' && record.epoch < client.epoch) unmarked.push(record.jti);
  }
  let marked = 0;
  for (let start = 0; start < unmarked.length; start += BATCH) {
    marked += await markRevoked(deps, id, unmarked.slice(start, start + BATCH), reason);
    onProgress(marked);
  }
  return { client, marked };
}

function markRevoked(
  deps: OperationDeps,
  id: string,
  jtis: readonly string[],
  reason: string | undefined,
): Promise<number> {
  return commitLoop(deps, REVOKE_BUDGET, async () => {
    const client = await requireClient(deps, id);
    const found = await Promise.all(jtis.map((jti) => deps.registry.getToken(id, jti)));
    const records = found.filter((record) => record !== undefined);
    const change = revokeTokens(client, records, reason, changeContext(deps));
    return { change, result: change?.updated.length ?? 0 };
  });
}

/** A client and what its tokens come to. */
export interface ClientView {
  readonly client: Client;
  readonly liveTokens: number;
  readonly pendingTokens: number;
  /** First end of life among its live tokens, epoch seconds. */
  readonly nextExpiry: number | undefined;
}

type ReadDeps = Pick<OperationDeps, 'registry' | 'clock'>;

/** All clients by id, each with a summary of its tokens. */
export async function* listClients(deps: ReadDeps): AsyncGenerator<ClientView> {
  const ring = await deps.registry.readKeyRing();
  for await (const client of deps.registry.clients()) {
    let liveTokens = 0;
    let pendingTokens = 0;
    let nextExpiry: number | undefined;
    for await (const view of viewsOf(deps, client, ring)) {
      if (view.record.state === 'pending' && !view.over) pendingTokens += 1;
      if (!view.live) continue;
      liveTokens += 1;
      nextExpiry = Math.min(nextExpiry ?? Infinity, view.record.exp, view.record.liveUntil);
    }
    yield { client, liveTokens, pendingTokens, nextExpiry };
  }
}

/** What is known of one client. */
export interface ClientDetails {
  readonly client: Client;
  /** Those that are not over, oldest first. */
  readonly tokens: readonly TokenView[];
}

/** A client with its tokens. Throws `CLIENT_NOT_FOUND`. */
export async function showClient(deps: ReadDeps, id: string): Promise<ClientDetails> {
  const [client, ring] = await Promise.all([requireClient(deps, id), deps.registry.readKeyRing()]);
  const tokens = await Array.fromAsync(viewsOf(deps, client, ring));
  return {
    client,
    tokens: tokens
      .filter(({ over }) => !over)
      .toSorted((a, b) => a.record.iat - b.record.iat || (a.record.jti < b.record.jti ? -1 : 1)),
  };
}

/** The events about the client itself, not its tokens, oldest first. */
export async function clientEvents({ registry }: Pick<OperationDeps, 'registry'>, id: string): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  for await (const event of registry.eventsOf({ kind: 'client', id })) if (event.subject === id) events.push(event);
  return events;
}

async function* viewsOf(deps: ReadDeps, client: Client, ring: KeyRing | undefined): AsyncGenerator<TokenView> {
  const now = deps.clock.now() / 1000;
  for await (const record of deps.registry.tokensOfClient(client.id)) yield viewOf(record, client, ring, now);
}

/** The client with this id. Throws `CLIENT_NOT_FOUND`. */
export async function requireClient({ registry }: Pick<OperationDeps, 'registry'>, id: string): Promise<Client> {
  const client = await registry.getClient(id);
  if (client !== undefined) return client;
  throw new NotFoundError('CLIENT_NOT_FOUND', `no client ${id}`, {
    why: 'no token was ever issued to it',
    fix: 'look at the clients with: apikey clients list',
  });
}
