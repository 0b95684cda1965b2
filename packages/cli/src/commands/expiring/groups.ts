/** Tokens that end soon, for people: a heading for each client, with whom to write to, and its tokens under it. */
import type { TokenView } from '@apikey/shared';
import type { Style } from '../../terminal/style.ts';
import { alignedTable, tableWidth, type Column } from '../../terminal/table.ts';
import { printable } from '../../terminal/printable.ts';
import { lastUsedCell } from '../../use-words.ts';
import { DATE_ALONE, endColumn, idColumn, NARROW_END, WIDE_END, type EndStyle } from '../list/columns.ts';

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
    const room = columns - INDENT.length;
    const table = (end: EndStyle): Column<TokenView>[] => [
      idColumn(({ record }) => record.jti),
      endColumn(now, style, end),
      { title: 'last used', cell: lastUsedCell(views, now) },
      { title: 'successor', cell: successorWord },
      { title: 'note', cell: ({ record }) => record.note ?? '' },
    ];
    const filled = (end: EndStyle): Column<TokenView>[] =>
      table(end).filter(({ cell }) => tokens.some((view) => cell(view) !== ''));
    const narrow = [NARROW_END, DATE_ALONE].map(filled);
    const used =
      columns >= WIDE_TERMINAL
        ? filled(WIDE_END)
        : (narrow.find((it) => tableWidth(it, tokens) <= room) ?? filled(DATE_ALONE));
    return [
      ...(index === 0 ? [] : ['']),
      `${style.bold(client)}  ${contact === undefined ? style.yellow('no contact') : printable(contact)}`,
      ...alignedTable(tokens, used, { style, columns: room }).map((line) => INDENT + line),
    ];
  });
}

function successorWord({ record, successorLive }: TokenView): string {
  if (successorLive) return 'live';
  return record.replacedBy === undefined ? '' : 'not live';
}
