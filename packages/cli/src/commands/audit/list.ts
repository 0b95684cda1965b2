/** `apikey audit list`: what was changed, as a table, as tab-separated lines, as JSON or as JSON Lines. */
import {
  EVENT_ACTIONS,
  InvalidValueError,
  listEvents,
  parseClientId,
  parseJtiPrefix,
  type AuditEvent,
  type EventFilter,
} from '@apikey/shared';
import { ifSetUp, openForReading } from '../../backends.ts';
import type { FlagValues } from '../../command-line/flag-values.ts';
import type { Invocation } from '../../command-line/definition.ts';
import { parseOptional } from '../../command-line/parse-flag.ts';
import { suggest } from '../../config/suggest.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { parseListing, printEmpty } from '../listing.ts';
import { PIPED_CELLS } from './columns.ts';
import { printEvents } from './print-events.ts';
import { parseInstant } from './instant.ts';

/** So many can be held to find the newest. */
const MAX_LIMIT = 100_000;

export async function run({ flags }: Invocation, context: Context): Promise<number> {
  const { io, terminal } = context;
  const filter = parseFilter(flags, io.clock.now());
  const listing = parseListing(flags, PIPED_CELLS);
  const limit = parseOptional('--limit', flags.text('limit'), parseLimit);
  const settings = await context.settings();
  const backend = await ifSetUp(openForReading(settings));
  try {
    const events = backend === undefined ? nothing() : listEvents(backend.registry, filter);
    const form = flags.on('jsonLines') ? 'lines' : terminal.json ? 'json' : terminal.isTTY ? 'table' : 'piped';
    const count = await printEvents(limit === undefined ? events : newest(events, limit), form, listing, context);
    if (count === 0 && (form === 'table' || form === 'piped')) {
      printEmpty(listing, terminal);
      const narrowed = Object.values(filter).some((value) => value !== undefined);
      terminal.warn(`${narrowed ? 'no events match' : 'no events yet'} in environment ${settings.env.value}`);
    }
    return EXIT_CODES.done.code;
  } finally {
    await backend?.registry.close();
  }
}

function parseFilter(flags: FlagValues, now: number): EventFilter {
  const client = parseOptional('--client', flags.text('client'), parseClientId);
  return {
    since: parseOptional('--since', flags.text('since'), parseInstant(now)),
    until: parseOptional('--until', flags.text('until'), parseInstant(now)),
    client,
    token: parseOptional('--token', flags.text('token'), parseJtiPrefix),
    actor: flags.text('actor'),
    action: parseOptional('--action', flags.text('action'), parseAction),
  };
}

/** The last `limit` of them, still oldest first. */
async function* newest(events: AsyncIterable<AuditEvent>, limit: number): AsyncGenerator<AuditEvent> {
  const kept: AuditEvent[] = [];
  let next = 0;
  for await (const event of events) {
    kept[next % limit] = event;
    next += 1;
  }
  const oldest = Math.max(0, next - limit);
  for (let index = oldest; index < next; index += 1) {
    const event = kept[index % limit];
    if (event !== undefined) yield event;
  }
}

function parseAction(text: string): string {
  const kinds = new Set(EVENT_ACTIONS.map((action) => action.slice(0, action.indexOf('.'))));
  const known = [...kinds, ...EVENT_ACTIONS];
  if (known.includes(text)) return text;
  const meant = suggest(text, known);
  throw new InvalidValueError('INVALID_INPUT', 'this is not an action', {
    why: `known: ${EVENT_ACTIONS.join(', ')}; or a kind of them: ${[...kinds].join(', ')}`,
    ...(meant === undefined ? {} : { fix: `did you mean ${meant}?` }),
  });
}

function parseLimit(text: string): number {
  const limit = /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : Infinity;
  if (limit <= MAX_LIMIT) return limit;
  throw new InvalidValueError('INVALID_INPUT', 'this is not a count', {
    why: `expected a whole number from 1 to ${MAX_LIMIT}`,
  });
}

async function* nothing(): AsyncGenerator<never> {
  yield* [];
}
