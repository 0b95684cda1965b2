import { describe, expect, it } from 'vitest';
import type { ClientFacts } from './facts.ts';
import { aClient, aRecord, aView, DAY, jtiOf, manyFacts, NOW, theFacts } from './facts.fixture.ts';
import { buildModel, LIMITS } from './model.ts';

function clientWith(id: string, tokens: ClientFacts['tokens'], attention: ClientFacts['attention'] = []): ClientFacts {
  return { client: aClient(id), tokens, attention, history: undefined };
}

describe('what needs attention', () => {
  it('comes by kind, the most urgent first, and names tokens, clients and keys', () => {
    const view = (number: number, days: number, attention: ClientFacts['attention']): ClientFacts['tokens'][number] =>
      aView(aRecord(number, { exp: NOW + days * DAY }), { attention });
    const facts = theFacts([
      clientWith('b', [view(1, 9, ['expiring']), view(2, 3, ['expiring', 'unused'])], ['no_contact']),
      clientWith('a', [view(3, 5, ['expiring'])]),
    ]);
    const [key] = facts.keys;
    const { attention } = buildModel({
      ...facts,
      keys: key === undefined ? [] : [{ ...key, attention: ['past_date'] }],
    });
    expect(attention.map(({ kind, count }) => [kind, count])).toEqual([
      ['expiring', 3],
      ['unused', 1],
      ['no_contact', 1],
      ['past_date', 1],
    ]);
    const ids = attention[0]?.entries.map((entry) => (entry.about === 'token' ? entry.row.view.record.jti : ''));
    expect(ids).toEqual([jtiOf(2), jtiOf(3), jtiOf(1)]);
  });

  it('counts what it does not list', () => {
    const { attention } = buildModel(manyFacts(2_000, 20), { ...LIMITS, attention: 4 });
    for (const { count, entries } of attention) expect(entries).toHaveLength(Math.min(count, 4));
    expect(attention[0]?.count).toBeGreaterThan(4);
  });
});

it('counts every token once', () => {
  const { totals } = buildModel(manyFacts(997, 10));
  expect(totals).toMatchObject({ clients: 10, tokens: 997 });
  expect(totals.live + totals.pending + totals.over).toBe(997);
});

it('draws a replacement right under what it replaces, whoever was issued in between', () => {
  const first = aRecord(1, { iat: NOW - 50 * DAY, replacedBy: jtiOf(3), liveUntil: NOW - 10 * DAY });
  const other = aRecord(2, { iat: NOW - 40 * DAY });
  const next = aRecord(3, { iat: NOW - 20 * DAY, replaces: jtiOf(1) });
  const { drawn } = buildModel(
    theFacts([
      clientWith(
        'a',
        [first, other, next].map((record) => aView(record)),
      ),
    ]),
  );
  expect(drawn[0]?.lanes.map(({ view, follows }) => [view.record.jti, follows])).toEqual([
    [jtiOf(1), false],
    [jtiOf(3), true],
    [jtiOf(2), false],
  ]);
});

it('loses no token to records that replace each other in a circle', () => {
  const tokens = [
    aRecord(1, { replaces: jtiOf(2), replacedBy: jtiOf(2) }),
    aRecord(2, { replaces: jtiOf(1), replacedBy: jtiOf(1) }),
  ];
  const { drawn } = buildModel(
    theFacts([
      clientWith(
        'a',
        tokens.map((record) => aView(record)),
      ),
    ]),
  );
  expect(drawn[0]?.lanes).toHaveLength(2);
});

describe('an environment that is too large for one page', () => {
  const limits = { rows: 100, clients: 5, lanes: 24, lanesPerClient: 10, attention: 3 };

  it('shares the lines among its clients, and says what it leaves out', () => {
    const { drawn, rows, leftOut } = buildModel(manyFacts(400, 8), limits);
    expect(drawn.map(({ lanes }) => lanes.length)).toEqual([4, 4, 4, 4, 4]);
    expect(rows).toHaveLength(100);
    expect(leftOut).toEqual([
      'The timeline shows 5 of 8 clients: those that need attention, then those with the most live tokens.',
      expect.stringContaining('The table of tokens holds 100 of 400:'),
    ]);
  });

  it('keeps what is not over', () => {
    const { rows } = buildModel(manyFacts(120, 8), limits);
    const all = buildModel(manyFacts(120, 8)).rows;
    const open = all.filter(({ view }) => !view.over).length;
    expect(open).toBeLessThan(100);
    expect(rows.filter(({ view }) => !view.over)).toHaveLength(open);
  });

  it('leaves out nothing where all of it fits', () => {
    expect(buildModel(manyFacts(50, 5)).leftOut).toEqual([]);
  });
});

it('leaves out what ended before the time asked for, still counts it, and says so', () => {
  const ended = aRecord(1, { iat: NOW - 300 * DAY, exp: NOW - 200 * DAY });
  const facts = theFacts([clientWith('a', [aView(ended), aView(aRecord(2))])], { since: NOW - 100 * DAY });
  const { rows, totals, leftOut } = buildModel(facts);
  expect(rows.map(({ view }) => view.record.jti)).toEqual([jtiOf(2)]);
  expect(totals).toMatchObject({ tokens: 2, over: 1 });
  expect(leftOut).toEqual(['1 token that ended before the time asked for is counted, and not shown.']);
});

it('calls a token that ended by time what it is, though its client was suspended later', () => {
  const record = aRecord(1, { iat: NOW - 90 * DAY, exp: NOW - 9 * DAY });
  const view = aView(record, { reason: 'client_suspended' });
  const [row] = buildModel(theFacts([clientWith('a', [view])])).rows;
  expect(row?.status).toEqual({ tone: 'ended', word: 'expired' });
});
