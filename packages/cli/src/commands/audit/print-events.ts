/** Prints events as they come, whatever their number; a reader that goes away ends the work. */
import { reasonOf, type AuditEvent } from '@apikey/shared';
import type { Context } from '../../context.ts';
import { alignedTable } from '../../terminal/table.ts';
import { listingLines, type Listing } from '../listing.ts';
import { tableColumns } from './columns.ts';
import { jsonText } from '../../terminal/printable.ts';

type EventForm = 'table' | 'piped' | 'json' | 'lines';

/** Rows of a table that are aligned with each other. */
const ROWS = 200;
/** Lines that are written at once. */
const LINES = 50;

interface Printer {
  /** @param first whether nothing was printed before */
  readonly print: (events: readonly AuditEvent[], first: boolean) => void;
  readonly size: number;
}

/** Resolves to how many were printed. */
export async function printEvents(
  events: AsyncIterable<AuditEvent>,
  form: EventForm,
  listing: Listing<AuditEvent>,
  context: Context,
): Promise<number> {
  const { terminal } = context;
  const { print, size } = printerOf(form, listing, context);
  let batch: AuditEvent[] = [];
  let count = 0;
  const flush = (): void => {
    if (batch.length > 0) print(batch, count === batch.length);
    batch = [];
  };
  for await (const event of events) {
    batch.push(event);
    count += 1;
    if (batch.length >= size) flush();
    if (terminal.readerGone) return count;
  }
  flush();
  if (form === 'json') terminal.print(count === 0 ? '[]' : ']');
  return count;
}

function printerOf(form: EventForm, listing: Listing<AuditEvent>, { io, terminal }: Context): Printer {
  const now = io.clock.now() / 1000;
  const printers: Readonly<Record<EventForm, Printer>> = {
    lines: { size: LINES, print: (events) => terminal.print(events.map(json).join('\n')) },
    // One array, of which each element is a line, so that nothing waits for its end.
    json: {
      size: LINES,
      print: (events, first) =>
        terminal.print(events.map((it, index) => (first && index === 0 ? '[' : ',') + json(it)).join('\n')),
    },
    piped: {
      size: LINES,
      print: (events, first) => {
        const part = { ...listing, header: listing.header && first };
        terminal.print(listingLines(events, part, terminal, () => []).join('\n'));
      },
    },
    table: {
      size: ROWS,
      print: (events, first) => {
        const rows = listingLines(events, listing, terminal, () => {
          const columns = tableColumns(now, terminal.style);
          const filled = columns.filter(({ cell }) => events.some((it) => cell(it) !== ''));
          return alignedTable(events, filled, terminal);
        });
        terminal.print((first ? rows : rows.slice(1)).join('\n'));
      },
    },
  };
  return printers[form];
}

/** The event as it is stored, so that its hash can be recomputed from the output, and why it was done. */
function json(event: AuditEvent): string {
  return jsonText({ ...event, reason: reasonOf(event) ?? null });
}
