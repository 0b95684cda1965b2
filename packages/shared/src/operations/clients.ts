/** What admins do to clients: set their details, stop and resume them, and end all their tokens at once. */
import type { ChangeContext, ClientChange } from '../domain/change.ts';
import type { Client } from '../domain/records.ts';
import * as transitions from '../domain/transitions/clients.ts';
import { revokeTokens } from '../domain/transitions/tokens.ts';
import { NotFoundError } from '../ports/errors.ts';
import { commitLoop, COMMIT_BUDGET, REVOKE_BUDGET } from './commit-loop.ts';
import { changeContext, takingContext } from './context.ts';
import type { OperationDeps } from './types.ts';

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
    const context = client === undefined ? changeContext(deps) : await contextOf(deps, client);
    const change = transitions.setClient(client, id, settings, context);
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
    const change = transition(client, await contextOf(deps, client));
    return { change, result: outcome(change, client) };
  });
}

/** What gives is checked when it is committed. */
function contextOf(deps: OperationDeps, client: Client): Promise<ChangeContext> {
  return takingContext(deps, { kind: 'client', id: client.id }, client);
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
    const change = revokeTokens(client, records, reason, await contextOf(deps, client));
    return { change, result: change?.updated.length ?? 0 };
  });
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
