import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../jose/digest.ts';
import { testContext, testJti, testKid, testRecord, testRequest } from '../testing/fixtures.ts';
import { appendEvents, type EventDraft } from './events.ts';
import type { AggregateRef, AuditEvent, Client, KeyRing, TokenRecord } from './records.ts';
import { Replay } from './replay.ts';
import { setClient, suspendClient } from './transitions/clients.ts';
import { activateKey, addKey, createRing, revokeKey } from './transitions/keys.ts';
import { prepareToken, revokeTokens } from './transitions/tokens.ts';

const partner: AggregateRef = { kind: 'client', id: 'partner' };
const context = testContext();

/** A client with one pending token, its record, and the events that made them. */
function begun(): { readonly client: Client; readonly record: TokenRecord; readonly events: readonly AuditEvent[] } {
  const { state: _, epoch: __, liveUntil: ___, issuedBy: ____, ...token } = testRecord({ note: 'first' });
  const { client, created, events } = prepareToken(undefined, token, undefined, context);
  const [record] = created;
  if (record === undefined) throw new TypeError('nothing was prepared');
  return { client, record, events };
}

/** The events of some drafts as if they had been written, each lawful or not. */
function written(after: readonly AuditEvent[], ...drafts: readonly EventDraft[]): AuditEvent[] {
  const last = after.at(-1);
  const head = last === undefined ? undefined : { eventSeq: last.seq, eventHash: last.hash };
  return appendEvents(partner, head, drafts, { at: context.at, actor: 'x@host', sha256: sha256Hex });
}

function replayOf(ref: AggregateRef, events: readonly AuditEvent[]): Replay {
  const replay = new Replay(ref);
  for (const event of events) expect(replay.apply(event)).toEqual([]);
  return replay;
}

describe('a replay', () => {
  it('leads to the client and the records that the transitions made', () => {
    const { client, record, events } = begun();
    const limited = setClient(client, 'partner', { scopes: ['a'], contact: 'ops@example.org' }, context);
    const cleared = setClient(limited?.client, 'partner', { contact: null }, context);
    const revoked = cleared && revokeTokens(cleared.client, [record], 'lost', context);
    const all = [...events, ...(limited?.events ?? []), ...(cleared?.events ?? []), ...(revoked?.events ?? [])];
    const replay = replayOf(partner, all);
    const { version: _, eventSeq: __, eventHash: ___, ...body } = revoked?.client ?? client;
    expect(replay.clientBody()).toEqual(body);
    expect(replay.record(record.jti)).toEqual(revoked?.updated[0]);
    expect(replay.compareClient(revoked?.client ?? client)).toBeUndefined();
  });

  it('leads to the keys of a ring, in the order in which they came', () => {
    const { ring, events } = createRing('main', { kid: testKid(1), alg: 'ES256', ref: 'a' }, context);
    const added = addKey(ring, { kid: testKid(2), alg: 'EdDSA', ref: 'b' }, context);
    const active = activateKey(added.ring, testKid(2), true, context);
    const ended = revokeKey(active.ring, testKid(1), context, 'lost');
    const replay = replayOf({ kind: 'ring', id: 'main' }, [
      ...events,
      ...added.events,
      ...active.events,
      ...(ended?.events ?? []),
    ]);
    expect(replay.keys()).toEqual(ended?.ring.keys);
    const reversed: KeyRing = { ...active.ring, keys: (ended?.ring.keys ?? []).toReversed() };
    expect(replay.compareRing(reversed)).toEqual([expect.objectContaining({ kind: 'state_differs' })]);
  });

  it('names the member in which a stored record differs', () => {
    const { record, events } = begun();
    const replay = replayOf(partner, events);
    expect(replay.comparePart(record.jti, { ...record, note: 'edited' })).toEqual({
      field: 'note',
      expected: 'first',
      found: 'edited',
    });
    expect(replay.comparePart(record.jti, { ...record, reason: 'added' })).toEqual({
      field: 'reason',
      expected: null,
      found: 'added',
    });
  });

  const jti = testJti(1);
  const token = (action: EventDraft['action'], before: object, after: object): EventDraft => ({
    action,
    subject: jti,
    detail: { entity: 'token', before: { ...before }, after: { ...after } },
  });

  it.each<[string, EventDraft, string, string]>([
    [
      'starts from another state than the one before it',
      { ...token('token.revoked', { state: 'pending', reason: 'x' }, { state: 'revoked', reason: 'y' }) },
      'event_before',
      'reason',
    ],
    ['leaves out what was before', token('token.activated', {}, { state: 'active' }), 'event_before', 'state'],
    [
      'brings a revoked or unknown token to life',
      { ...token('token.activated', { state: null }, { state: 'active' }), subject: testJti(9) },
      'event_unlawful',
      'state',
    ],
    [
      'does what its name does not say',
      token('token.activated', { state: 'pending' }, { state: 'revoked' }),
      'event_unlawful',
      'state',
    ],
    [
      'changes a member that never changes',
      token('token.activated', { state: 'pending', kid: testKid() }, { state: 'active', kid: testKid(2) }),
      'event_unlawful',
      'kid',
    ],
    [
      'makes a token of another client',
      {
        ...token('token.prepared', { jti: null, client: null, state: null }, { jti: testJti(8), client: 'other' }),
        subject: testJti(8),
        detail: {
          entity: 'token',
          before: { jti: null, client: null, state: null },
          after: { jti: testJti(8), client: 'other', state: 'pending' },
        },
      },
      'event_unlawful',
      'client',
    ],
    [
      'is about a key, in the chain of a client',
      {
        action: 'key.created',
        subject: testKid(),
        detail: { entity: 'key', before: { kid: null, state: null }, after: { kid: testKid(), state: 'pending' } },
      },
      'event_unlawful',
      'action',
    ],
    [
      'raises the epoch by two',
      {
        action: 'client.revoked',
        subject: 'partner',
        detail: { entity: 'client', before: { epoch: 1 }, after: { epoch: 3 } },
      },
      'event_unlawful',
      'epoch',
    ],
  ])('suspects an event that %s', (_, draft, kind, field) => {
    const { events } = begun();
    const replay = replayOf(partner, events);
    const [event] = written(events, draft);
    const findings = event === undefined ? [] : replay.apply(event);
    expect(findings).toContainEqual(
      expect.objectContaining({
        aggregate: 'client:partner',
        kind,
        seq: 3,
        difference: expect.objectContaining({ field }),
      }),
    );
  });

  it('suspects an event that lengthens a life', () => {
    const { events, record } = begun();
    const activated = written(events, token('token.activated', { state: 'pending' }, { state: 'active' }));
    const replay = replayOf(partner, [...events, ...activated]);
    const [event] = written(
      [...events, ...activated],
      token('token.replaced', { liveUntil: record.exp }, { liveUntil: record.exp + 1 }),
    );
    expect(event && replay.apply(event)).toEqual([
      expect.objectContaining({ kind: 'event_unlawful', difference: expect.objectContaining({ field: 'liveUntil' }) }),
    ]);
  });

  it('takes members that objects have by themselves as any other', () => {
    const { events } = begun();
    const replay = replayOf(partner, events);
    const detail: unknown = JSON.parse('{"entity":"client","before":{"__proto__":null},"after":{"__proto__":"x"}}');
    const [event] = written(events, { action: 'client.updated', subject: 'partner', detail: detail as never });
    expect(event && replay.apply(event)).toEqual([expect.objectContaining({ kind: 'event_unlawful' })]);
    expect(Object.getPrototypeOf(replay.client)).toBe(Object.prototype);
  });

  it('holds a version to the number of commits, also of one moment and one actor', () => {
    const { client, events } = begun();
    const suspended = suspendClient(client, context);
    const all = [...events, ...(suspended?.events ?? [])];
    expect(all.map(({ detail }) => detail.version)).toEqual([1, undefined, 2]);
    const replay = replayOf(partner, all);
    expect(replay.compareVersion({ ...client, version: 2 })).toBeUndefined();
    for (const version of [1, 3, 4]) {
      const difference = { field: 'version', expected: 2, found: version };
      expect(replay.compareVersion({ ...client, version })).toEqual(difference);
    }
  });

  it.each([
    [1, 3],
    [2, 1],
    [2, 4],
  ])('suspects the version that event %i begins with: %i', (at, version) => {
    const { client, events } = begun();
    const all = [...events, ...(suspendClient(client, context)?.events ?? [])];
    const replay = new Replay(partner);
    const place = at === 1 ? 0 : 2;
    const found = all.flatMap((event, index) =>
      replay.apply(index === place ? { ...event, detail: { ...event.detail, version } } : event),
    );
    expect(found[0]).toMatchObject({ kind: 'event_unlawful', difference: { field: 'detail.version', found: version } });
  });

  it('says nothing of the version where no event does', () => {
    const { client, events } = begun();
    const bare = events.map((event) => {
      const { version: _, ...detail } = event.detail;
      return { ...event, detail };
    });
    expect(replayOf(partner, bare).compareVersion({ ...client, version: 2 })).toBeUndefined();
  });

  it('leads to the request of every token that was asked for by one, each member of it', () => {
    const { state: _, epoch: __, liveUntil: ___, issuedBy: ____, ...asking } = testRecord({ requestId: 'CHG-1' });
    const request = testRequest({ id: 'CHG-1', jti: asking.jti, createdAt: asking.iat, exp: asking.exp });
    const replay = replayOf(partner, prepareToken(undefined, asking, request, context).events);
    expect(replay.request('CHG-1')).toEqual(request);
    expect(replay.compareRequest(request)).toBeUndefined();
    const others = { parameterHash: sha256Hex('other'), jti: testJti(9), client: 'other', createdAt: 1, exp: 2 };
    for (const [field, found] of Object.entries(others)) {
      expect(replay.compareRequest({ ...request, [field]: found })).toMatchObject({ field, found });
    }
    expect(replayOf(partner, begun().events).requests.size).toBe(0);
  });
});
