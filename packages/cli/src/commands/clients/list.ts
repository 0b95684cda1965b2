/** `apikey clients list`: clients as a table, as tab-separated lines, or as JSON. */
import { listClients } from '@apikey/shared';
import { ifSetUp, openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { alignedTable } from '../../terminal/table.ts';
import { listingLines, parseListing, printEmpty } from '../listing.ts';
import { clientSummaryJson } from './client-json.ts';
import { PIPED_CELLS, tableColumns } from './columns.ts';

export async function run({ flags }: Invocation, { io, terminal, settings: read }: Context): Promise<number> {
  const listing = parseListing(flags, PIPED_CELLS);
  const settings = await read();
  const backend = await ifSetUp(openForReading(settings));
  const views = backend === undefined ? [] : await Array.fromAsync(listClients({ ...backend, clock: io.clock }));
  await backend?.registry.close();
  if (terminal.json) {
    terminal.printJson(views.map(clientSummaryJson));
  } else if (views.length === 0) {
    printEmpty(listing, terminal);
    terminal.warn(`no clients in environment ${settings.env.value}; the first token of a client registers it`);
  } else {
    const lines = listingLines(views, listing, terminal, () =>
      alignedTable(views, tableColumns(views, io.clock.now() / 1000, terminal.style), terminal),
    );
    terminal.print(lines.join('\n'));
  }
  return EXIT_CODES.done.code;
}
