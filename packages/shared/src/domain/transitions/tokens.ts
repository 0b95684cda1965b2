/** What may happen to a token record: prepared, prepared anew, activated, claimed and replaced by a rotation, revoked. */
import { clientChange, type ChangeContext, type ClientBody, type ClientChange } from '../change.ts';
import { RefusedError } from '../errors.ts';
import { diff, type EventDraft } from '../events.ts';
import { endOfLife } from '../liveness.ts';
import type { Client, EpochSeconds, EventAction, KeyRing, RequestRecord, TokenRecord } from '../records.ts';

/** Epoch of a client that was never revoked. */
const FIRST_EPOCH = 1;

/** A record as an operation proposes it; the transition sets what follows from client and context. */
export type ProposedToken = Omit<TokenRecord, 'state' | 'epoch' | 'liveUntil' | 'issuedBy' | 'grantSeq' | 'regrantSeq'>;

/** Whole seconds of the moment at which a change is made. */
export function secondsOf(context: Pick<ChangeContext, 'at'>): EpochSeconds {
  return Math.floor(context.at / 1000);
}

/** The second from which on a life that ends now is over on every clock that is known. */
export function endingSecondsOf({ at, earliest = at }: Pick<ChangeContext, 'at' | 'earliest'>): EpochSeconds {
  return Math.floor(earliest / 1000);
}

/** Writes a pending record, and registers the client if this is its first. */
export function prepareToken(
  client: Client | undefined,
  token: ProposedToken,
  request: RequestRecord | undefined,
  context: ChangeContext,
): ClientChange {
  return prepareTokens(client, [{ token, request }], [], context);
}

/** A token to be recorded, and the request that asked for it. */
export interface TokenProposal {
  readonly token: ProposedToken;
  readonly request: RequestRecord | undefined;
}

/** A pending record, and the payload that it is to stand for from now on. */
export interface TokenRenewal {
  readonly record: TokenRecord;
  readonly fresh: Pick<TokenRecord, 'payloadSha256' | 'kid'>;
}

/** Prepares several tokens of one client, or prepares them anew, in one change; at least one of either. */
export function prepareTokens(
  client: Client | undefined,
  proposals: readonly TokenProposal[],
  renewals: readonly TokenRenewal[],
  context: ChangeContext,
): ClientChange {
  const id = client?.id ?? proposals[0]?.token.client;
  if (id === undefined) throw new TypeError('nothing to prepare');
  const body = client ?? newClient(id, context);
  // Events are appended in the order of `drafts`: the registration first, if there is one.
  const next = (client?.eventSeq ?? 1) + 1;
  const created = proposals.map(({ token }, index) => pendingRecord(body, token, next + index, context));
  const renewed = renewals.map(({ record, fresh }, index) => ({
    before: record,
    after: { ...renewedRecord(body, record, fresh, context), regrantSeq: next + created.length + index },
  }));
  const drafts = [
    ...(client === undefined ? [clientEvent('client.registered', undefined, body)] : []),
    ...created.map((record, index) => preparedEvent(record, proposals[index]?.request)),
    ...renewed.map(({ before, after }) => tokenEvent('token.reprepared', before, after)),
  ];
  const requests = proposals.flatMap(({ request }) => request ?? []);
  return clientChange(client, body, { created, ...updates(renewed), requests }, drafts, context);
}

/** A client as its first token registers it. */
export function newClient(id: string, context: Pick<ChangeContext, 'at'>): ClientBody {
  return { id, state: 'active', epoch: FIRST_EPOCH, createdAt: secondsOf(context) };
}

/** The pending record of a proposed token. @param grantSeq `seq` of the event that prepares it */
export function pendingRecord(
  client: ClientBody,
  token: ProposedToken,
  grantSeq: number,
  context: ChangeContext,
): TokenRecord {
  requireActiveClient(client);
  return { ...token, state: 'pending', epoch: client.epoch, liveUntil: token.exp, issuedBy: context.actor, grantSeq };
}

/** Lets a pending record stand for another payload: its request is run again with new random bits, maybe a new key. */
export function reprepareToken(
  client: Client,
  record: TokenRecord,
  fresh: Pick<TokenRecord, 'payloadSha256' | 'kid'>,
  context: ChangeContext,
): ClientChange {
  return prepareTokens(client, [], [{ record, fresh }], context);
}

/** A pending record as it stands for another payload. */
export function renewedRecord(
  client: Pick<ClientBody, 'id' | 'state' | 'epoch'>,
  record: TokenRecord,
  fresh: TokenRenewal['fresh'],
  context: ChangeContext,
): TokenRecord {
  requirePending(record);
  requireSameLife(client, record, context);
  return { ...record, payloadSha256: fresh.payloadSha256, kid: fresh.kid };
}

/** What an activation must prove. */
export interface Activation {
  readonly record: TokenRecord;
  /** SHA-256 of the payload that was delivered. */
  readonly payloadSha256: string;
  /** The ring as it is now. */
  readonly ring: KeyRing | undefined;
  readonly kmsRequestId?: string | undefined;
}

/** Makes a delivered token live. */
export function activateToken(client: Client, activation: Activation, context: ChangeContext): ClientChange {
  return activateTokens(client, [activation], context);
}

/** Makes several delivered tokens of one client live in one change. */
export function activateTokens(
  client: Client,
  activations: readonly Activation[],
  context: ChangeContext,
): ClientChange {
  const activated = activations.map((it) => ({ before: it.record, after: activatedRecord(client, it, context) }));
  const drafts = activated.map(({ before, after }) => tokenEvent('token.activated', before, after));
  return clientChange(client, client, updates(activated), drafts, context);
}

/** The record as its activation leaves it; throws unless every condition of DESIGN section 6 holds. */
export function activatedRecord(client: Client, activation: Activation, context: ChangeContext): TokenRecord {
  const { record, payloadSha256, ring, kmsRequestId } = activation;
  requirePending(record);
  if (record.payloadSha256 !== payloadSha256) {
    throw new RefusedError('SUPERSEDED', 'this token was replaced by a later run of the same request', {
      why: `token ${record.jti} now stands for another payload`,
      fix: 'use the token that the later run delivered',
    });
  }
  requireSameLife(client, record, context);
  const key = ring?.keys.find(({ kid }) => kid === record.kid);
  if (key === undefined || (key.state !== 'active' && key.state !== 'retiring')) {
    throw new RefusedError('NO_ACTIVE_KEY', 'the key that signed this token may no longer do so', {
      why: `key ${record.kid} is ${key?.state ?? 'not in the ring'}`,
      fix: 'issue another token; this one stays inert',
    });
  }
  return { ...record, state: 'active', ...(kmsRequestId === undefined ? {} : { kmsRequestId }) };
}

/** Ends tokens of one client for good. Records that are revoked already are left as they are. */
export function revokeTokens(
  client: Client,
  records: readonly TokenRecord[],
  reason: string | undefined,
  context: ChangeContext,
): ClientChange | undefined {
  const revoked = records
    .filter(({ state }) => state !== 'revoked')
    .map((record) => ({ before: record, after: revokedRecord(record, reason, context) }));
  if (revoked.length === 0) return undefined;
  const drafts = revoked.map(({ before, after }) => tokenEvent('token.revoked', before, after));
  return clientChange(client, client, updates(revoked), drafts, context);
}

/** A record as its revocation leaves it. */
export function revokedRecord(record: TokenRecord, reason: string | undefined, context: ChangeContext): TokenRecord {
  return {
    ...record,
    state: 'revoked',
    revokedAt: secondsOf(context),
    revokedBy: context.actor,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** What a change takes of records that each went from one state to another. */
export function updates(records: readonly { readonly before: TokenRecord; readonly after: TokenRecord }[]): {
  readonly updated: readonly TokenRecord[];
  readonly before: readonly TokenRecord[];
} {
  return { updated: records.map(({ after }) => after), before: records.map(({ before }) => before) };
}

/** The event for a token record that changed from `before` (absent = new) to `after`. */
export function tokenEvent(action: EventAction, before: TokenRecord | undefined, after: TokenRecord): EventDraft {
  return { action, subject: after.jti, detail: diff('token', before, after) };
}

/** The event for a new token record; it proves every member of the request that asked for it. */
export function preparedEvent(record: TokenRecord, request: RequestRecord | undefined): EventDraft {
  const draft = tokenEvent('token.prepared', undefined, record);
  if (request === undefined) return draft;
  return { ...draft, detail: { ...draft.detail, parameterHash: request.parameterHash } };
}

/** The event for a client that changed from `before` (absent = new) to `after`. */
export function clientEvent(action: EventAction, before: ClientBody | undefined, after: ClientBody): EventDraft {
  return { action, subject: after.id, detail: diff('client', before, after) };
}

export function requireActiveClient(client: Pick<Client, 'id' | 'state'>): void {
  if (client.state === 'active') return;
  throw new RefusedError('CLIENT_SUSPENDED', `client ${client.id} is suspended`, {
    why: 'a suspended client gets no tokens, and its tokens are denied',
    fix: 'resume the client first',
  });
}

function requirePending(record: TokenRecord): void {
  if (record.state === 'pending') return;
  throw new RefusedError('WRONG_STATE', `token ${record.jti} is ${record.state}`, {
    why: 'only a pending token can be activated',
    fix: record.state === 'revoked' ? 'issue another token; a revoked one stays revoked' : 'nothing needs to be done',
  });
}

/** The client is as it was when the record was prepared, and the record's time is not up. */
function requireSameLife(
  client: Pick<ClientBody, 'id' | 'state' | 'epoch'>,
  record: TokenRecord,
  context: ChangeContext,
): void {
  requireActiveClient(client);
  if (record.epoch !== client.epoch) {
    throw new RefusedError('CLIENT_CHANGED', `client ${client.id} was revoked after token ${record.jti} was prepared`, {
      why: `the token is of epoch ${record.epoch}, the client is at ${client.epoch}`,
      fix: 'issue another token, if the client may have one',
    });
  }
  if ((context.latest ?? context.at) >= endOfLife(record) * 1000) {
    throw new RefusedError('WRONG_STATE', `token ${record.jti} has expired`, {
      why: 'its lifetime began when it was prepared',
      fix: 'issue another token',
    });
  }
}
