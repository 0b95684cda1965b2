/** The columns of `apikey clients list`: few and relative for people, fixed and exact for programs. */
import { EXPIRING_SECONDS, formatDuration, formatSeconds, type ClientView } from '@apikey/shared';
import { distance } from '../../terminal/distance.ts';
import type { Style } from '../../terminal/style.ts';
import type { Column } from '../../terminal/table.ts';
import { attentionWords } from '../../token-words.ts';
import type { NamedCell } from '../listing.ts';

/** Fixed, and in this order: scripts cut them by number. */
export const PIPED_CELLS: readonly NamedCell<ClientView>[] = [
  { name: 'id', cell: ({ client }) => client.id },
  { name: 'state', cell: ({ client }) => client.state },
  { name: 'liveTokens', cell: ({ liveTokens }) => String(liveTokens) },
  { name: 'pendingTokens', cell: ({ pendingTokens }) => String(pendingTokens) },
  { name: 'nextExpiry', cell: ({ nextExpiry }) => (nextExpiry === undefined ? '' : formatSeconds(nextExpiry)) },
  { name: 'contact', cell: ({ client }) => client.contact ?? '' },
  { name: 'owner', cell: ({ client }) => client.owner ?? '' },
  { name: 'purpose', cell: ({ client }) => client.purpose ?? '' },
  { name: 'scopes', cell: ({ client }) => client.scopes?.join(' ') ?? '' },
  { name: 'cidrs', cell: ({ client }) => client.cidrs?.join(' ') ?? '' },
  { name: 'maxTtl', cell: ({ client }) => (client.maxTtl === undefined ? '' : formatDuration(client.maxTtl)) },
  { name: 'createdAt', cell: ({ client }) => formatSeconds(client.createdAt) },
  { name: 'epoch', cell: ({ client }) => String(client.epoch) },
  {
    name: 'lastUsedAt',
    cell: ({ lastUsedAt }) => (lastUsedAt === undefined ? '' : formatSeconds(lastUsedAt)),
    onRequest: true,
  },
];

/** Details that no client has get no column. */
export function tableColumns(views: readonly ClientView[], now: number, style: Style): Column<ClientView>[] {
  const optional = (title: string, cell: (view: ClientView) => string): Column<ClientView>[] =>
    views.some((view) => cell(view) !== '') ? [{ title, cell }] : [];
  return [
    { title: 'client', cell: ({ client }) => client.id, paint: (text) => style.bold(text) },
    {
      title: 'state',
      cell: ({ client }) => client.state,
      paint: (text, { client }) => (client.state === 'active' ? style.green(text) : style.red(text)),
    },
    { title: 'live', cell: ({ liveTokens }) => String(liveTokens) },
    ...optional('pending', ({ pendingTokens }) => (pendingTokens === 0 ? '' : String(pendingTokens))),
    {
      title: 'next end',
      keep: true,
      cell: ({ nextExpiry }) => (nextExpiry === undefined ? '' : distance(nextExpiry, now)),
      paint: (text, { nextExpiry = Infinity }) => (nextExpiry - now < EXPIRING_SECONDS ? style.yellow(text) : text),
    },
    ...optional('last used', ({ lastUsedAt }) => (lastUsedAt === undefined ? '' : distance(lastUsedAt, now))),
    ...optional('attention', ({ attention }) => attentionWords(attention)),
    ...optional('contact', ({ client }) => client.contact ?? ''),
    ...optional('owner', ({ client }) => client.owner ?? ''),
    ...optional('limits', ({ client }) => limits(client).join(', ')),
    ...optional('purpose', ({ client }) => client.purpose ?? ''),
  ];
}

function limits({ scopes, cidrs, maxTtl }: ClientView['client']): string[] {
  return [
    ...(scopes === undefined ? [] : [scopes.join(' ')]),
    ...(cidrs === undefined ? [] : [`from ${cidrs.join(' ')}`]),
    ...(maxTtl === undefined ? [] : [`at most ${formatDuration(maxTtl)}`]),
  ];
}
