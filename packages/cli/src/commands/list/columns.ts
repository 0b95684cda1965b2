/** The columns of `apikey list`: few and relative for people, fixed and exact for programs. */
import { formatSeconds, type TokenView } from '@apikey/shared';
import { distance } from '../../terminal/distance.ts';
import type { Style } from '../../terminal/style.ts';
import type { Column } from '../../terminal/table.ts';

/** Fixed, and in this order: scripts cut them by number. */
export const PIPED_CELLS: readonly ((view: TokenView) => string)[] = [
  ({ record }) => record.jti,
  ({ record }) => record.client,
  ({ record }) => record.state,
  ({ live }) => String(live),
  ({ record }) => formatSeconds(record.iat),
  ({ record }) => formatSeconds(record.exp),
  ({ record }) => formatSeconds(record.liveUntil),
  ({ record }) => record.scopes.join(' '),
  ({ record }) => record.note ?? '',
];

const SOON = 14 * 86_400;

/** Scopes and notes are shown where at least one token has some. */
export function tableColumns(views: readonly TokenView[], now: number, style: Style): Column<TokenView>[] {
  const columns: Column<TokenView>[] = [
    { title: 'jti', cell: ({ record }) => record.jti },
    { title: 'client', cell: ({ record }) => record.client, paint: (text) => style.bold(text) },
    { title: 'status', cell: statusWord, paint: (text, view) => statusPaint(view, style)(text) },
    { title: 'issued', cell: ({ record }) => distance(record.iat, now) },
    {
      title: 'ends',
      cell: ({ record }) => distance(Math.min(record.exp, record.liveUntil), now),
      paint: (text, { live, record }) => (live && record.liveUntil - now < SOON ? style.yellow(text) : text),
    },
    { title: 'scopes', cell: ({ record }) => record.scopes.join(' ') },
    { title: 'note', cell: ({ record }) => record.note ?? '' },
  ];
  return columns.filter(({ cell }) => views.some((view) => cell(view) !== ''));
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
