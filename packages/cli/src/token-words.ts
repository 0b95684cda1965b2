/** Tokens as the people who decide about them see them: which, whose, until when, and what takes their place. */
import { endOfLife, formatSeconds, type Attention, type EpochSeconds, type TokenView } from '@apikey/shared';
import { idColumn, statusWord } from './commands/list/columns.ts';
import { lastUsedCell, usesNote } from './use-words.ts';
import { distance } from './terminal/distance.ts';
import type { Style } from './terminal/style.ts';
import { alignedTable, type Column } from './terminal/table.ts';

/** More are counted, not listed. */
const LISTED = 20;
const INDENT = '    ';

/** `2027-02-01T09:30:00Z (in 3 days)` */
export function moment(seconds: EpochSeconds, now: number): string {
  return `${formatSeconds(seconds)} (${distance(seconds, now)})`;
}

const ATTENTION_WORDS: Readonly<Record<Attention, string>> = {
  expiring: 'expiring',
  unused: 'unused',
  pending: 'pending',
  no_contact: 'no contact',
  past_date: 'past its date',
};

/** `expiring, no contact` */
export function attentionWords(attention: readonly Attention[]): string {
  return attention.map((it) => ATTENTION_WORDS[it]).join(', ');
}

export interface TokenTableOptions {
  /** Epoch seconds. */
  readonly now: number;
  readonly style: Style;
  readonly columns: number;
  /** False where the words around it name the one client. */
  readonly clients?: boolean;
}

/** An indented table for a question or a plan; nothing for no tokens. */
export function tokenTable(
  views: readonly TokenView[],
  { now, style, columns, clients = true }: TokenTableOptions,
): string[] {
  if (views.length === 0) return [];
  const table: Column<TokenView>[] = [
    idColumn(({ record }) => record.jti),
    { title: 'client', cell: ({ record }) => (clients ? record.client : '') },
    { title: 'status', cell: statusWord },
    { title: 'ends', keep: true, cell: ({ record }) => distance(endOfLife(record), now) },
    { title: 'last used', cell: lastUsedCell(views, now) },
    { title: 'scopes', cell: ({ record }) => record.scopes.join(' ') },
    { title: 'note', cell: ({ record }) => record.note ?? '' },
  ];
  const shown = views.slice(0, LISTED);
  const used = table.filter(({ title, cell }) => title === 'jti' || shown.some((view) => cell(view) !== ''));
  const lines = alignedTable(shown, used, { style, columns: columns - INDENT.length });
  const rest = views.length - shown.length;
  return [...lines, ...(rest === 0 ? [] : [`... and ${rest} more`]), ...usesNote(shown)].map((line) => INDENT + line);
}
