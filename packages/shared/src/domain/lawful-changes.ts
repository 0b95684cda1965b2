/** Which event may change what: the transitions, seen from the log. A replay holds every event to it. */
import type { Difference } from './findings.ts';
import { differenceOf, member } from './json-members.ts';
import type { AggregateRef, AuditEvent, EventAction, EventDetail, JsonObject } from './records.ts';

interface LawfulChange {
  readonly entity: EventDetail['entity'];
  /** States from which it leads; `null` = the entity is made. */
  readonly from: readonly (string | null)[];
  /** The state that it leads to; absent = it stays. */
  readonly to?: string;
  /** Members that it may change beside `state`; absent = all, since it makes them. */
  readonly fields?: readonly string[];
}

const CLIENT_DETAILS = ['scopes', 'cidrs', 'contact', 'owner', 'purpose', 'maxTtl'];

/** A member for every action, so that a new one cannot be forgotten here. */
const LAWFUL_CHANGES: Readonly<Record<EventAction, LawfulChange>> = {
  'client.registered': { entity: 'client', from: [null], to: 'active' },
  'client.updated': { entity: 'client', from: ['active', 'suspended'], fields: CLIENT_DETAILS },
  'client.suspended': { entity: 'client', from: ['active'], to: 'suspended', fields: [] },
  'client.resumed': { entity: 'client', from: ['suspended'], to: 'active', fields: [] },
  'client.revoked': { entity: 'client', from: ['active', 'suspended'], fields: ['epoch'] },
  'token.prepared': { entity: 'token', from: [null], to: 'pending' },
  'token.reprepared': { entity: 'token', from: ['pending'], fields: ['payloadSha256', 'kid', 'regrantSeq'] },
  'token.activated': { entity: 'token', from: ['pending'], to: 'active', fields: ['kmsRequestId'] },
  'token.claimed': { entity: 'token', from: ['active'], fields: ['replacedBy'] },
  'token.replaced': { entity: 'token', from: ['active'], fields: ['liveUntil'] },
  'token.revoked': {
    entity: 'token',
    from: ['pending', 'active'],
    to: 'revoked',
    fields: ['revokedAt', 'revokedBy', 'reason'],
  },
  'key.created': { entity: 'key', from: [null], to: 'pending' },
  'key.activated': { entity: 'key', from: ['pending'], to: 'active', fields: ['activatedAt'] },
  'key.retiring': { entity: 'key', from: ['active'], to: 'retiring', fields: ['retiringAt'] },
  'key.retired': { entity: 'key', from: ['retiring'], to: 'retired', fields: ['retiredAt'] },
  'key.revoked': {
    entity: 'key',
    from: ['pending', 'active', 'retiring', 'retired'],
    to: 'revoked',
    fields: ['revokedAt'],
  },
};

/** What makes an event one that apikey never writes, if anything; `state` is that of its entity before it. */
export function unlawfulness(
  event: AuditEvent,
  aggregate: AggregateRef,
  state: JsonObject | undefined,
): Difference | undefined {
  const { action, subject, detail } = event;
  const { entity, from, to, fields } = LAWFUL_CHANGES[action];
  const was = member(state, 'state');
  const now = Object.hasOwn(detail.after, 'state') ? member(detail.after, 'state') : was;
  const extra = Object.keys(detail.after).find((it) => it !== 'state' && fields?.includes(it) === false);
  if (detail.entity !== entity) return { field: 'detail.entity', expected: entity, found: detail.entity };
  if ((aggregate.kind === 'ring') !== (entity === 'key')) {
    return { field: 'action', expected: `of a ${aggregate.kind}`, found: action };
  }
  if (entity === 'client' && subject !== aggregate.id) {
    return { field: 'subject', expected: aggregate.id, found: subject };
  }
  if (!from.some((it) => it === was)) return { field: 'state', expected: from, found: was };
  if (now !== (to ?? was)) return { field: 'state', expected: to ?? was, found: now };
  if (extra !== undefined) return { field: extra, expected: 'unchanged', found: member(detail.after, extra) };
  return state === undefined ? misnamed(event, aggregate) : ONE_WAY[entity](state, detail.after);
}

const ID = { client: 'id', token: 'jti', key: 'kid' } as const;

/** What an event makes bears the name that the event gives as its subject, and belongs to this aggregate. */
function misnamed({ subject, detail: { entity, after } }: AuditEvent, { id }: AggregateRef): Difference | undefined {
  const names = { [ID[entity]]: subject, ...(entity === 'token' ? { client: id } : {}) };
  return differenceOf(names, Object.fromEntries(Object.keys(names).map((field) => [field, member(after, field)])));
}

/** What only ever goes one way: a life is never lengthened, and an epoch ends the one before it. */
const ONE_WAY: Readonly<Record<EventDetail['entity'], (was: JsonObject, after: JsonObject) => Difference | undefined>> =
  {
    token: (was, after) => {
      const [old, found] = [Number(member(was, 'liveUntil')), member(after, 'liveUntil')];
      const longer = Object.hasOwn(after, 'liveUntil') && !(Number(found) <= old);
      return longer ? { field: 'liveUntil', expected: `at most ${old}`, found } : undefined;
    },
    client: (was, after) => {
      const [expected, found] = [Number(member(was, 'epoch')) + 1, member(after, 'epoch')];
      return Object.hasOwn(after, 'epoch') && found !== expected ? { field: 'epoch', expected, found } : undefined;
    },
    key: () => undefined,
  };
