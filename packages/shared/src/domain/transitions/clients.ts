/** What may happen to a client: its details are set, it is suspended and resumed, and all its tokens are ended at once. */
import { clientChange, type ChangeContext, type ClientBody, type ClientChange } from '../change.ts';
import { ApikeyError } from '../errors.ts';
import { withReason } from '../events.ts';
import type { Client, EventAction } from '../records.ts';
import { clientEvent, newClient, updates } from './tokens.ts';

/** The details that an admin may set; `null` removes one, absent leaves it. */
export type ClientSettings = {
  readonly [Name in 'scopes' | 'cidrs' | 'contact' | 'owner' | 'purpose' | 'maxTtl']?: Client[Name] | null;
};

/** Sets details, registering the client if it is unknown. Nothing where nothing would change. */
export function setClient(
  client: Client | undefined,
  id: string,
  settings: ClientSettings,
  context: ChangeContext,
): ClientChange | undefined {
  const before = client ?? newClient(id, context);
  const after = Object.fromEntries(
    Object.entries({ ...before, ...settings }).filter(([, value]) => value !== null && value !== undefined),
  );
  const body: ClientBody = {
    ...after,
    id: before.id,
    state: before.state,
    epoch: before.epoch,
    createdAt: before.createdAt,
  };
  if (client === undefined) return change('client.registered', undefined, body, context);
  const draft = clientEvent('client.updated', client, body);
  return Object.keys(draft.detail.after).length === 0
    ? undefined
    : clientChange(client, body, updates([]), [draft], context);
}

/** Denies all the client's tokens until it is resumed. */
export function suspendClient(client: Client, context: ChangeContext, reason?: string): ClientChange | undefined {
  if (client.state === 'suspended') return undefined;
  return change('client.suspended', client, { ...client, state: 'suspended' }, context, reason);
}

export function resumeClient(client: Client, context: ChangeContext): ClientChange | undefined {
  if (client.state === 'active') return undefined;
  return change('client.resumed', client, { ...client, state: 'active' }, context);
}

/** Ends every token prepared so far, whatever races with it, in one write. */
export function revokeClient(client: Client, context: ChangeContext, reason?: string): ClientChange {
  if (client.epoch >= Number.MAX_SAFE_INTEGER) {
    throw new ApikeyError('STORE_DAMAGED', `the epoch of client ${client.id} cannot be raised`, {
      why: 'it is a number that no client reaches',
      fix: `suspend the client: apikey clients suspend ${client.id}; then find out who changed the registry`,
    });
  }
  return change('client.revoked', client, { ...client, epoch: client.epoch + 1 }, context, reason);
}

function change(
  action: EventAction,
  before: Client | undefined,
  after: ClientBody,
  context: ChangeContext,
  reason?: string,
): ClientChange {
  return clientChange(before, after, updates([]), [withReason(clientEvent(action, before, after), reason)], context);
}
