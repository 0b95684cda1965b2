/** The report before it is a page: what needs attention, what is drawn, what is listed, and what had to be left out. */
import { ATTENTIONS, endOfLife, type Attention, type EpochSeconds, type RingKey, type TokenView } from '@apikey/shared';
import { counted } from '../counted.ts';
import type { ClientFacts, Facts } from './facts.ts';
import { grouped } from './grouped.ts';
import { lifeOf, type Life } from './life.ts';
import { timeScale, type TimeScale } from './time-scale.ts';
import { tokenStatus, type TokenStatus } from './token-status.ts';

/** How much one page holds: 10,000 tokens fit into a few megabytes, and a browser stays quick. */
export interface Limits {
  /** Rows of the searchable table. */
  readonly rows: number;
  /** Clients with a timeline. */
  readonly clients: number;
  /** Tokens with a line of their own, in all and per client. */
  readonly lanes: number;
  readonly lanesPerClient: number;
  /** Entries of one kind under what needs attention. */
  readonly attention: number;
}

export const LIMITS: Limits = { rows: 20_000, clients: 500, lanes: 2_000, lanesPerClient: 50, attention: 15 };

const YEAR = 366 * 86_400;

export interface Model {
  readonly facts: Facts;
  readonly totals: Totals;
  readonly attention: readonly AttentionGroup[];
  readonly scale: TimeScale;
  /** By id. */
  readonly drawn: readonly DrawnClient[];
  readonly rows: readonly TokenRow[];
  /** Sentences, one for each thing that is not in the report although it could be. */
  readonly leftOut: readonly string[];
}

interface Totals {
  readonly clients: number;
  readonly tokens: number;
  readonly live: number;
  readonly pending: number;
  readonly over: number;
}

export interface AttentionGroup {
  readonly kind: Attention;
  /** All of the kind; `entries` holds the first of them. */
  readonly count: number;
  readonly entries: readonly AttentionEntry[];
}

export type AttentionEntry =
  | { readonly about: 'token'; readonly row: TokenRow }
  | { readonly about: 'client'; readonly client: ClientRows }
  | { readonly about: 'key'; readonly key: Facts['keys'][number] };

export interface TokenRow {
  readonly view: TokenView;
  readonly life: Life;
  readonly status: TokenStatus;
}

interface ClientRows {
  readonly facts: ClientFacts;
  /** Every token of the client that is wanted. */
  readonly rows: readonly TokenRow[];
  readonly live: number;
  /** What it needs itself, and what any of its tokens needs. */
  readonly attention: readonly Attention[];
}

export interface Lane extends TokenRow {
  /** The lane right above belongs to the token that this one replaces. */
  readonly follows: boolean;
}

export interface DrawnClient extends ClientRows {
  /** Those with a line of their own; a token's replacement comes right after it. */
  readonly lanes: readonly Lane[];
}

export function buildModel(facts: Facts, limits: Limits = LIMITS): Model {
  const keys = new Map(facts.keys.map(({ key }) => [key.kid, key]));
  const clients = facts.clients.map((client) => clientRows(client, keys, facts.now));
  const wanted = clients.map((client) => sinceOf(client, facts.since));
  const all = clients.flatMap(({ rows }) => rows);
  const candidates = wanted.flatMap(({ rows }) => rows);
  const rows = chooseRows(candidates, limits.rows);
  const chosen = chooseClients(wanted, limits.clients);
  const lanes = fairLanes(chosen, limits);
  const drawn = chosen.map((client) => drawClient(client, lanes));
  const older = all.length - candidates.length;
  return {
    facts,
    totals: totalsOf(facts, all),
    attention: groupAttention(facts, wanted, limits.attention),
    scale: scaleOf(drawn, facts.now),
    drawn,
    rows,
    leftOut: [
      ...(facts.only === undefined ? [] : [`Only these clients were asked for: ${facts.only.join(', ')}.`]),
      ...(older === 0
        ? []
        : [
            `${counted(older, 'token')} that ended before the time asked for ${older === 1 ? 'is' : 'are'} counted, and not shown.`,
          ]),
      ...(chosen.length === wanted.length
        ? []
        : [
            `The timeline shows ${grouped(chosen.length)} of ${grouped(wanted.length)} clients: those that need attention, then those with the most live tokens.`,
          ]),
      ...tableWords(rows.length, candidates.length),
    ],
  };
}

function tableWords(shown: number, wanted: number): string[] {
  if (shown === wanted) return [];
  return [
    `The table of tokens holds ${grouped(shown)} of ${grouped(wanted)}: all that are not over as far as they fit, then those that ended last. ` +
      'For every token: apikey list --all --json.',
  ];
}

function clientRows(facts: ClientFacts, keys: ReadonlyMap<string, RingKey>, now: EpochSeconds): ClientRows {
  const records = new Map(facts.tokens.map(({ record }) => [record.jti, record]));
  const rows = facts.tokens.map((view) => {
    const successor = records.get(view.record.replacedBy ?? '');
    const life = lifeOf(view, { history: facts.history, key: keys.get(view.record.kid), successor, now });
    return { view, life, status: tokenStatus(view, life) };
  });
  const found = new Set([...facts.attention, ...facts.tokens.flatMap((view) => view.attention)]);
  return {
    facts,
    rows,
    live: rows.filter(({ view }) => view.live).length,
    attention: ATTENTIONS.filter((it) => found.has(it)),
  };
}

function sinceOf(client: ClientRows, since: EpochSeconds | undefined): ClientRows {
  if (since === undefined) return client;
  return { ...client, rows: client.rows.filter(({ view, life }) => !view.over || life.end.at >= since) };
}

function totalsOf({ clients }: Facts, rows: readonly TokenRow[]): Totals {
  const count = (test: (view: TokenView) => boolean): number => rows.filter(({ view }) => test(view)).length;
  return {
    clients: clients.length,
    tokens: rows.length,
    live: count(({ live }) => live),
    pending: count(({ record, over }) => record.state === 'pending' && !over),
    over: count(({ over }) => over),
  };
}

function chooseRows(rows: readonly TokenRow[], limit: number): readonly TokenRow[] {
  if (rows.length <= limit) return rows;
  const order = rows.toSorted((a, b) => Number(a.view.over) - Number(b.view.over) || b.life.end.at - a.life.end.at);
  const kept = new Set(order.slice(0, limit));
  return rows.filter((row) => kept.has(row));
}

function chooseClients(clients: readonly ClientRows[], limit: number): readonly ClientRows[] {
  if (clients.length <= limit) return clients;
  const needy = ({ attention }: ClientRows): number => (attention.length > 0 ? 1 : 0);
  const order = clients.toSorted((a, b) => needy(b) - needy(a) || b.live - a.live);
  const kept = new Set(order.slice(0, limit));
  return clients.filter((it) => kept.has(it));
}

/** How many lines each client gets at most, so that all of them together stay within the budget and none goes short. */
function fairLanes(clients: readonly ClientRows[], { lanes, lanesPerClient }: Limits): number {
  const needed = (cap: number): number => clients.reduce((sum, { rows }) => sum + Math.min(rows.length, cap), 0);
  let cap = lanesPerClient;
  while (cap > 0 && needed(cap) > lanes) cap -= 1;
  return cap;
}

function drawClient(client: ClientRows, laneCount: number): DrawnClient {
  const first = new Set(client.rows.toSorted((a, b) => rank(b) - rank(a)).slice(0, laneCount));
  return { ...client, lanes: inChains(client.rows.filter((row) => first.has(row))) };
}

/** What needs attention first, then what is not over, then what ended last. */
function rank({ view, life }: TokenRow): number {
  const needs = view.attention.length > 0 ? 2 : 0;
  return (needs + (view.over ? 0 : 1)) * 1e12 + life.end.at;
}

/** A token's replacement right after it, chain by chain, by the first token's time of issue. */
function inChains(rows: readonly TokenRow[]): Lane[] {
  const left = new Map(rows.map((row) => [row.view.record.jti, row]));
  const ordered: Lane[] = [];
  for (const start of rows) {
    if (left.has(start.view.record.replaces ?? '')) continue;
    let follows = false;
    let row = left.get(start.view.record.jti);
    while (row !== undefined) {
      left.delete(row.view.record.jti);
      ordered.push({ ...row, follows });
      follows = true;
      row = left.get(row.view.record.replacedBy ?? '');
    }
  }
  return [...ordered, ...[...left.values()].map((row) => ({ ...row, follows: false }))];
}

function groupAttention({ keys }: Facts, clients: readonly ClientRows[], limit: number): AttentionGroup[] {
  const rows = clients.flatMap((client) => client.rows);
  return ATTENTIONS.flatMap((kind): AttentionGroup[] => {
    const entries: AttentionEntry[] = [
      ...rows
        .filter(({ view }) => view.attention.includes(kind))
        .toSorted((a, b) => endOfLife(a.view.record) - endOfLife(b.view.record))
        .map((row) => ({ about: 'token' as const, row })),
      ...clients
        .filter(({ facts }) => facts.attention.includes(kind))
        .map((client) => ({ about: 'client' as const, client })),
      ...keys.filter(({ attention }) => attention.includes(kind)).map((key) => ({ about: 'key' as const, key })),
    ];
    return entries.length === 0 ? [] : [{ kind, count: entries.length, entries: entries.slice(0, limit) }];
  });
}

/** From the first token drawn to the last end, a year each way at most. */
function scaleOf(drawn: readonly DrawnClient[], now: EpochSeconds): TimeScale {
  let [from, until] = [now, now];
  for (const { rows } of drawn) {
    for (const { view, life } of rows) {
      from = Math.min(from, view.record.iat);
      until = Math.max(until, life.end.at);
    }
  }
  return timeScale(Math.max(from, now - YEAR), Math.min(until, now + YEAR));
}
