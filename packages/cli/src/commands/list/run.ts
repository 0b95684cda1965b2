/** `apikey list`: tokens as a table, as tab-separated lines, or as JSON. */
import {
  InvalidValueError,
  listTokens,
  parseClientId,
  parseDuration,
  type ListFilter,
  type TokenView,
} from '@apikey/shared';
import { ifSetUp, openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import { oneOf, parseOptional } from '../../command-line/parse-flag.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { alignedTable } from '../../terminal/table.ts';
import { tokenJson } from '../../token-json.ts';
import { listingLines, parseListing, printEmpty } from '../listing.ts';
import { usesNote } from '../../use-words.ts';
import { PIPED_CELLS, tableColumns } from './columns.ts';

export async function run({ flags }: Invocation, context: Context): Promise<number> {
  const filter: ListFilter = {
    client: parseOptional('--client', flags.text('client'), parseClientId),
    state: parseOptional('--state', flags.text('state'), oneOf(['pending', 'active', 'revoked'])),
    expiringWithin: parseOptional('--expiring-within', flags.text('expiringWithin'), parseDuration),
    all: flags.on('all'),
  };
  const listing = parseListing(flags, PIPED_CELLS);
  const limit = parseOptional('--limit', flags.text('limit'), parseLimit) ?? Infinity;
  const { io, terminal } = context;
  const settings = await context.settings();
  const backend = await ifSetUp(openForReading(settings));
  const views = backend === undefined ? [] : await collect(listTokens({ ...backend, clock: io.clock }, filter), limit);
  await backend?.registry.close();

  if (terminal.json) {
    terminal.printJson(views.map(tokenJson));
  } else if (views.length === 0) {
    printEmpty(listing, terminal);
    terminal.warn(emptyWords(filter, settings.env.value, backend === undefined));
  } else {
    const lines = listingLines(views, listing, terminal, () =>
      alignedTable(views, tableColumns(views, io.clock.now() / 1000, terminal), terminal),
    );
    terminal.print(lines.join('\n'));
    if (terminal.isTTY) for (const note of usesNote(views)) terminal.say(note);
  }
  return EXIT_CODES.done.code;
}

async function collect(tokens: AsyncIterable<TokenView>, limit: number): Promise<TokenView[]> {
  const views: TokenView[] = [];
  for await (const view of tokens) {
    views.push(view);
    if (views.length >= limit) break;
  }
  return views;
}

function emptyWords({ client, state, expiringWithin, all }: ListFilter, env: string, bare: boolean): string {
  if (bare) return `no tokens yet: nothing has been issued in environment ${env}`;
  const narrowed = client !== undefined || state !== undefined || expiringWithin !== undefined;
  const which = narrowed ? 'no tokens match' : 'no tokens';
  return `${which} in environment ${env}${all === true ? '' : ' (revoked and expired ones: --all)'}`;
}

function parseLimit(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidValueError('INVALID_INPUT', 'this is not a count', { why: 'expected a whole number from 1 on' });
}
