/** The columns of `apikey list`: few and relative for people, fixed and exact for programs. */
import { endOfLife, formatSeconds, type TokenView } from '@apikey/shared';
import { distance } from '../../terminal/distance.ts';
import { lifeBar, lifePaint, type Life } from '../../terminal/life-bar.ts';
import type { Style } from '../../terminal/style.ts';
import { tableWidth, type Column } from '../../terminal/table.ts';
import { lastUsedCell } from '../../use-words.ts';
import type { NamedCell } from '../listing.ts';

/** Fixed, and in this order: scripts cut them by number. */
export const PIPED_CELLS: readonly NamedCell<TokenView>[] = [
  { name: 'jti', cell: ({ record }) => record.jti },
  { name: 'client', cell: ({ record }) => record.client },
  { name: 'state', cell: ({ record }) => record.state },
  { name: 'live', cell: ({ live }) => String(live) },
  { name: 'issuedAt', cell: ({ record }) => formatSeconds(record.iat) },
  { name: 'expiresAt', cell: ({ record }) => formatSeconds(record.exp) },
  { name: 'liveUntil', cell: ({ record }) => formatSeconds(record.liveUntil) },
  { name: 'scopes', cell: ({ record }) => record.scopes.join(' ') },
  { name: 'note', cell: ({ record }) => record.note ?? '' },
  { name: 'reason', cell: ({ reason }) => reason ?? '', onRequest: true },
  { name: 'kid', cell: ({ record }) => record.kid, onRequest: true },
  { name: 'audience', cell: ({ record }) => record.aud.join(' '), onRequest: true },
  { name: 'requestId', cell: ({ record }) => record.requestId ?? '', onRequest: true },
  { name: 'replaces', cell: ({ record }) => record.replaces ?? '', onRequest: true },
  { name: 'replacedBy', cell: ({ record }) => record.replacedBy ?? '', onRequest: true },
  { name: 'revokedAt', cell: ({ record }) => timeOf(record.revokedAt), onRequest: true },
  { name: 'lastUsedAt', cell: ({ lastUsedAt }) => timeOf(lastUsedAt), onRequest: true },
  { name: 'contact', cell: ({ contact }) => contact ?? '', onRequest: true },
];

function timeOf(seconds: number | undefined): string {
  return seconds === undefined ? '' : formatSeconds(seconds);
}

/** How the end of a token is shown: cells of the bar, and whether the distance stands beside the date. */
export interface EndStyle {
  readonly bar: number;
  readonly distance: boolean;
}

export const WIDE_END: EndStyle = { bar: 8, distance: true };
export const NARROW_END: EndStyle = { bar: 6, distance: false };
const NARROWEST_END: EndStyle = { bar: 3, distance: false };
export const DATE_ALONE: EndStyle = { bar: 0, distance: false };

const SHORT_ID = 8;
const DATE_LENGTH = '2027-02-01'.length;
/** The last column gives way by being cut, down to so many characters. */
const LAST_COLUMN = 20;
/** Left out one after the other until the rest fits. */
const DISPENSABLE: readonly string[] = ['issued', 'scopes', 'note', 'last used'];

/**
 * Scopes and notes are shown where at least one token has some; what does not fit beside the id, the client, the status
 * and the end is left out. Of the end the bar goes first, and the date last.
 */
export function tableColumns(
  views: readonly TokenView[],
  now: number,
  { style, columns: available }: { readonly style: Style; readonly columns: number },
): Column<TokenView>[] {
  const fits = (columns: readonly Column<TokenView>[]): boolean => needed(columns, views) <= available;
  const filled = (end: EndStyle): Column<TokenView>[] =>
    columnsOf(views, now, style, end).filter(({ cell }) => views.some((view) => cell(view) !== ''));
  const wide = filled(WIDE_END);
  if (fits(wide)) return wide;
  let left = filled(NARROW_END);
  for (const title of DISPENSABLE) {
    if (fits(left)) return left;
    left = left.filter((column) => column.title !== title);
  }
  for (const end of [NARROWEST_END, DATE_ALONE]) {
    if (fits(left)) return left;
    left = left.map((column) => (column.title === 'ends' ? endColumn(now, style, end) : column));
  }
  return left;
}

function columnsOf(views: readonly TokenView[], now: number, style: Style, end: EndStyle): Column<TokenView>[] {
  return [
    idColumn(({ record }) => record.jti),
    { title: 'client', cell: ({ record }) => record.client, paint: (text) => style.bold(text) },
    { title: 'status', cell: statusWord, paint: (text, view) => statusPaint(view, style)(text) },
    { title: 'issued', cell: ({ record }) => distance(record.iat, now) },
    endColumn(now, style, end),
    { title: 'last used', cell: lastUsedCell(views, now) },
    { title: 'scopes', cell: ({ record }) => record.scopes.join(' ') },
    { title: 'note', cell: ({ record }) => record.note ?? '' },
  ];
}

/** Where there is no room, its first characters: enough beside the client to name a token. */
export function idColumn<Row>(jti: (row: Row) => string): Column<Row> {
  return { title: 'jti', cell: jti, short: (text) => text.slice(0, SHORT_ID) };
}

/** The end of each token behind the bar of its remaining life, in the colour of its urgency. */
export function endColumn(now: number, style: Style, end: EndStyle): Column<TokenView> {
  return {
    title: 'ends',
    keep: true,
    cell: (view) => endCell(view, now, end, style),
    paint: (text, view) => lifePaint(lifeOf(view), style)(text),
  };
}

/** `███████░ 2027-02-01 in 72 days`, or on a narrow terminal `█████░ 2027-02-01`. */
function endCell(view: TokenView, now: number, { bar, distance: told }: EndStyle, { symbols }: Style): string {
  const end = endOfLife(view.record);
  const date = formatSeconds(end).slice(0, DATE_LENGTH);
  const parts = [lifeBar(lifeOf(view), bar, symbols), date, told ? distance(end, now) : ''];
  return parts.filter((part) => part !== '').join(' ');
}

export function lifeOf({ remaining, successorLive }: TokenView): Life {
  return { remaining, replaced: successorLive };
}

function needed(columns: readonly Column<TokenView>[], views: readonly TokenView[]): number {
  const whole = tableWidth(columns, views);
  const last = columns.at(-1);
  if (last === undefined || last.keep === true) return whole;
  const cells = tableWidth([last], views);
  return whole - cells + Math.min(cells, LAST_COLUMN);
}

/** `live`, or why not. */
export function statusWord({ live, reason, record }: TokenView): string {
  if (live) return record.replacedBy === undefined ? 'live' : 'live (replaced)';
  if (record.state === 'pending') return 'pending';
  return (reason ?? record.state).replaceAll('_', ' ');
}

export function statusPaint({ live, record }: TokenView, style: Style): (text: string) => string {
  if (live) return style.green;
  return record.state === 'pending' ? style.yellow : style.red;
}
