/** `apikey keys list`: the key ring as a table, as tab-separated lines, or as JSON. */
import { ApikeyError, listKeys, MAIN_RING, type KeyView, type RingName } from '@apikey/shared';
import { ifSetUp, openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import type { Io } from '../../io.ts';
import type { Settings } from '../../config/resolve.ts';
import { alignedTable } from '../../terminal/table.ts';
import { listingLines, parseListing, printEmpty } from '../listing.ts';
import { PIPED_CELLS, tableColumns } from './columns.ts';
import { keyViewJson } from './key-json.ts';
import { parseRing } from './ring.ts';

export async function run({ flags }: Invocation, { io, terminal, settings: read }: Context): Promise<number> {
  const ring = parseRing(flags);
  const listing = parseListing(flags, PIPED_CELLS);
  const settings = await read();
  const views = await keysOf(settings, io, ring);
  if (terminal.json) {
    terminal.printJson(views.map(keyViewJson));
  } else if (views.length === 0) {
    printEmpty(listing, terminal);
    const why =
      ring === MAIN_RING ? 'it has not been set up; run: apikey init' : 'it was never sealed; run: apikey audit seal';
    terminal.warn(`no keys in environment ${settings.env.value}: ${why}`);
  } else {
    const lines = listingLines(views, listing, terminal, () =>
      alignedTable(views, tableColumns(io.clock.now() / 1000, terminal.style), terminal),
    );
    terminal.print(lines.join('\n'));
  }
  return EXIT_CODES.done.code;
}

/** None where the environment was never set up: an empty list is no error. */
async function keysOf(settings: Settings, io: Io, ring: RingName): Promise<KeyView[]> {
  const backend = await ifSetUp(openForReading(settings));
  if (backend === undefined) return [];
  try {
    return await listKeys({ ...backend, clock: io.clock }, ring);
  } catch (error) {
    if (error instanceof ApikeyError && error.code === 'RING_NOT_FOUND') return [];
    throw error;
  } finally {
    await backend.registry.close();
  }
}
