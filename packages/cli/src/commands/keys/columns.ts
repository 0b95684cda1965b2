/** The columns of `apikey keys list`: few and relative for people, fixed and exact for programs. */
import { formatSeconds, type KeyView } from '@apikey/shared';
import { distance } from '../../terminal/distance.ts';
import type { Style } from '../../terminal/style.ts';
import type { Column } from '../../terminal/table.ts';
import type { NamedCell } from '../listing.ts';

/** Fixed, and in this order: scripts cut them by number. */
export const PIPED_CELLS: readonly NamedCell<KeyView>[] = [
  { name: 'kid', cell: ({ key }) => key.kid },
  { name: 'state', cell: ({ key }) => key.state },
  { name: 'alg', cell: ({ key }) => key.alg },
  { name: 'createdAt', cell: ({ key }) => formatSeconds(key.createdAt) },
  { name: 'activatedAt', cell: ({ key }) => time(key.activatedAt) },
  { name: 'retiringAt', cell: ({ key }) => time(key.retiringAt) },
  { name: 'endedAt', cell: ({ key }) => time(key.revokedAt ?? key.retiredAt) },
  { name: 'liveTokens', cell: ({ liveTokens }) => String(liveTokens) },
  { name: 'otherTokens', cell: ({ otherTokens }) => String(otherTokens) },
  { name: 'activateFrom', cell: ({ activateFrom }) => time(activateFrom) },
  { name: 'retireFrom', cell: ({ retireFrom }) => time(retireFrom) },
  { name: 'ref', cell: ({ key }) => key.ref, onRequest: true },
];

/** Enough to name a key, so that the table fits a terminal. */
const SHOWN_KID = 12;

export function tableColumns(now: number, style: Style): Column<KeyView>[] {
  const paints: Readonly<Record<KeyView['key']['state'], (text: string) => string>> = {
    pending: style.yellow,
    active: style.green,
    retiring: style.yellow,
    retired: style.dim,
    revoked: style.red,
  };
  return [
    { title: 'kid', cell: ({ key }) => key.kid.slice(0, SHOWN_KID) },
    { title: 'state', cell: ({ key }) => key.state, paint: (text, { key }) => paints[key.state](text) },
    { title: 'alg', cell: ({ key }) => key.alg },
    { title: 'created', cell: ({ key }) => distance(key.createdAt, now) },
    { title: 'live', cell: ({ liveTokens }) => String(liveTokens) },
    { title: 'next', cell: (view) => nextWords(view, now) },
  ];
}

function nextWords({ key, otherTokens, activateFrom, retireFrom }: KeyView, now: number): string {
  const ended = key.revokedAt ?? key.retiredAt;
  if (ended !== undefined) return `ended ${distance(ended, now)}`;
  const others = otherTokens === 0 ? '' : ` (${otherTokens} more may become live)`;
  if (retireFrom !== undefined) {
    return retireFrom > now
      ? `safe to retire from ${formatSeconds(retireFrom)} (${distance(retireFrom, now)})${others}`
      : 'safe to retire now';
  }
  if (activateFrom === undefined) return `signs${others}`;
  return activateFrom > now ? `may sign ${distance(activateFrom, now)}` : 'may sign now';
}

function time(seconds: number | undefined): string {
  return seconds === undefined ? '' : formatSeconds(seconds);
}
