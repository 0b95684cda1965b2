/** Tokens that end soon, for people: a heading for each client, with whom to write to, and its tokens under it. */
import type { TokenView } from '@apikey/shared';
import type { Style } from '../../terminal/style.ts';
import { alignedTable, type Column } from '../../terminal/table.ts';
import { printable } from '../../terminal/printable.ts';
import { lastUsedCell } from '../../use-words.ts';
import { endColumn, NARROW_END, WIDE_END } from '../list/columns.ts';

const INDENT = '  ';
/** From here on there is room for the distance beside the date. */
const WIDE_TERMINAL = 100;

export function groupLines(
  views: readonly TokenView[],
  now: number,
  { style, columns }: { readonly style: Style; readonly columns: number },
): string[] {
  const groups = [...Map.groupBy(views, ({ record }) => record.client)];
  return groups.flatMap(([client, tokens], index) => {
    const contact = tokens[0]?.contact;
    const table: Column<TokenView>[] = [
      { title: 'jti', cell: ({ record }) => record.jti },
      endColumn(now, style, columns >= WIDE_TERMINAL ? WIDE_END : NARROW_END),
      { title: 'last used', cell: lastUsedCell(views, now) },
      { title: 'successor', cell: successorWord },
      { title: 'note', cell: ({ record }) => record.note ?? '' },
    ];
    const used = table.filter(({ cell }) => tokens.some((view) => cell(view) !== ''));
    return [
      ...(index === 0 ? [] : ['']),
      `${style.bold(client)}  ${contact === undefined ? style.yellow('no contact') : printable(contact)}`,
      ...alignedTable(tokens, used, { style, columns: columns - INDENT.length }).map((line) => INDENT + line),
    ];
  });
}

function successorWord({ record, successorLive }: TokenView): string {
  if (successorLive) return 'live';
  return record.replacedBy === undefined ? '' : 'not live';
}
