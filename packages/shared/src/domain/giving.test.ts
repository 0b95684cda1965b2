import { describe, expect, it } from 'vitest';
import { gives } from './giving.ts';
import { EVENT_ACTIONS, type AuditEvent, type EventAction, type JsonObject } from './records.ts';

function event(action: EventAction, before: JsonObject = {}, after: JsonObject = {}): AuditEvent {
  const detail = { entity: 'client', before, after } as const;
  const chained = { seq: 1, at: '2027-01-15T08:00:00.000Z', actor: 'a@b', prev: '', hash: '' };
  return { ...chained, action, aggregate: 'client:partner', subject: 'partner', detail };
}
const givesAlone = (action: EventAction, before?: JsonObject, after?: JsonObject): boolean =>
  gives({ events: [event(action, before, after)] });

describe('what gives a power', () => {
  it('is what prepares, activates, claims, resumes or adds a key, and nothing else', () => {
    expect(EVENT_ACTIONS.filter((action) => givesAlone(action))).toEqual([
      'client.resumed',
      'token.prepared',
      'token.reprepared',
      'token.activated',
      'token.claimed',
      'key.created',
      'key.activated',
    ]);
  });

  it('is a change of which any part gives', () => {
    expect(gives({ events: [event('token.revoked'), event('token.prepared')] })).toBe(true);
    expect(gives({ events: [event('token.revoked'), event('token.replaced')] })).toBe(false);
  });

  it.each<[what: string, before: JsonObject, after: JsonObject, gives: boolean]>([
    ['other words for people', { contact: 'a' }, { contact: 'b' }, false],
    ['a first limit of scopes', { scopes: null }, { scopes: ['a'] }, false],
    ['fewer scopes', { scopes: ['a', 'b'] }, { scopes: ['b'] }, false],
    ['no scope at all', { scopes: ['a'] }, { scopes: [] }, false],
    ['scopes in another order', { scopes: ['a', 'b'] }, { scopes: ['b', 'a'] }, false],
    ['another scope', { scopes: ['a'] }, { scopes: ['b'] }, true],
    ['one scope fewer and one more', { scopes: ['a', 'b'] }, { scopes: ['b', 'c'] }, true],
    ['a first scope after none', { scopes: [] }, { scopes: ['a'] }, true],
    ['no limit of scopes any more', { scopes: ['a'] }, { scopes: null }, true],
    ['a first network', { cidrs: null }, { cidrs: ['10.0.0.0/8'] }, false],
    ['a network inside of the one before', { cidrs: ['10.0.0.0/8'] }, { cidrs: ['10.1.0.0/16'] }, false],
    ['two halves of the one before', { cidrs: ['10.0.0.0/8'] }, { cidrs: ['10.0.0.0/9', '10.128.0.0/9'] }, false],
    ['a network around the one before', { cidrs: ['10.1.0.0/16'] }, { cidrs: ['10.0.0.0/8'] }, true],
    ['everything', { cidrs: ['10.1.0.0/16'] }, { cidrs: ['0.0.0.0/0'] }, true],
    ['the other family', { cidrs: ['0.0.0.0/0'] }, { cidrs: ['::/0'] }, true],
    ['one address of an IPv6 network', { cidrs: ['2001:db8::/32'] }, { cidrs: ['2001:db8::1/128'] }, false],
    ['no limit of networks any more', { cidrs: ['10.0.0.0/8'] }, { cidrs: null }, true],
    ['a first limit of lifetimes', { maxTtl: null }, { maxTtl: 60 }, false],
    ['a shorter one', { maxTtl: 60 }, { maxTtl: 59 }, false],
    ['a longer one', { maxTtl: 60 }, { maxTtl: 61 }, true],
    ['no limit of lifetimes any more', { maxTtl: 60 }, { maxTtl: null }, true],
    ['one limit narrower, another wider', { scopes: ['a', 'b'], maxTtl: 1 }, { scopes: ['a'], maxTtl: 2 }, true],
  ])('of a client that is set: %s', (_, before, after, expected) => {
    expect(givesAlone('client.updated', before, after)).toBe(expected);
  });
});
