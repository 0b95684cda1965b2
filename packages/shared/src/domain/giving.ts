/** Which changes give a power. All others only take away, or touch neither, and never wait for a clock. */
import type { Change } from './change.ts';
import { isCidrWithin } from './cidr.ts';
import { member } from './json-members.ts';
import type { AuditEvent, EventAction, EventDetail, Json } from './records.ts';

type Effect = 'gives' | 'takes' | ((detail: EventDetail) => boolean);

/** A member for every action, so that a new one cannot be forgotten here. */
const EFFECTS: Readonly<Record<EventAction, Effect>> = {
  // Without a token a client can do nothing: the token that comes with it is an event of its own.
  'client.registered': 'takes',
  'client.updated': widens,
  'client.suspended': 'takes',
  'client.resumed': 'gives',
  'client.revoked': 'takes',
  'token.prepared': 'gives',
  'token.reprepared': 'gives',
  'token.activated': 'gives',
  'token.claimed': 'gives',
  // The end of a rotation comes with the activation of the successor; alone it ends a grace early.
  'token.replaced': 'takes',
  'token.revoked': 'takes',
  'key.created': 'gives',
  'key.activated': 'gives',
  // Comes with the activation of another key.
  'key.retiring': 'takes',
  'key.retired': 'takes',
  'key.revoked': 'takes',
};

/** Whether any part of the change gives a power that was not there before. */
export function gives({ events }: Pick<Change, 'events'>): boolean {
  return events.some(eventGives);
}

function eventGives({ action, detail }: AuditEvent): boolean {
  const effect = EFFECTS[action];
  return typeof effect === 'function' ? effect(detail) : effect === 'gives';
}

/** Whether tokens of the client may be used for more, from more networks, or be issued for longer than before. */
function widens({ before, after }: EventDetail): boolean {
  return LIMITS.some(({ name, within }) => {
    if (!Object.hasOwn(after, name)) return false;
    const [was, is] = [member(before, name), member(after, name)];
    // Without a limit there is nothing wider; without one any more there is.
    return was !== null && (is === null || !within(is, was));
  });
}

/** A list in another order, or with less in it, is no wider; neither is a network inside of one that was allowed. */
const LIMITS: readonly { readonly name: string; readonly within: (is: Json, was: Json) => boolean }[] = [
  { name: 'scopes', within: (is, was) => texts(is).every((scope) => texts(was).includes(scope)) },
  { name: 'cidrs', within: (is, was) => texts(is).every((cidr) => isCidrWithin(cidr, texts(was))) },
  { name: 'maxTtl', within: (is, was) => Number(is) <= Number(was) },
];

function texts(value: Json): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
