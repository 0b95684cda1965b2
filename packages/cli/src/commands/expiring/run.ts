/** `apikey expiring`: live tokens that end soon, grouped by client, with whom to write to. */
import {
  EXPIRING_SECONDS,
  formatDuration,
  listExpiring,
  NotFoundError,
  parseClientId,
  parseDuration,
  type ExpiringFilter,
  type TokenView,
} from '@apikey/shared';
import { ifSetUp, openForReading } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import { parseOptional } from '../../command-line/parse-flag.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../counted.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { listingLines, parseListing, printEmpty } from '../listing.ts';
import { usesNote } from '../../use-words.ts';
import { expiringJson, PIPED_CELLS } from './expiring-json.ts';
import { groupLines } from './groups.ts';

export async function run({ flags }: Invocation, context: Context): Promise<number> {
  const filter: ExpiringFilter = {
    within: parseOptional('--within', flags.text('within'), parseDuration) ?? EXPIRING_SECONDS,
    client: parseOptional('--client', flags.text('client'), parseClientId),
  };
  const listing = parseListing(flags, PIPED_CELLS);
  const { terminal, io } = context;
  const settings = await context.settings();
  const env = settings.env.value;
  const backend = await ifSetUp(openForReading(settings));
  if (backend === undefined && filter.client !== undefined) throw noClient(filter.client, env);
  const views = backend === undefined ? [] : await listExpiring({ ...backend, clock: io.clock }, filter);
  await backend?.registry.close();

  const waiting = views.filter(({ successorLive }) => !successorLive);
  if (terminal.json) terminal.printJson(views.map(expiringJson));
  else if (views.length > 0) {
    const lines = listingLines(views, listing, terminal, () => groupLines(views, io.clock.now() / 1000, terminal));
    terminal.print(lines.join('\n'));
  } else {
    printEmpty(listing, terminal);
  }
  terminal.say([summary(views.length, waiting, filter, env), ...(terminal.isTTY ? usesNote(views) : [])].join('\n'));
  return waiting.length === 0 ? EXIT_CODES.done.code : EXIT_CODES.findings.code;
}

/** Who has to do something, in one line. */
function summary(
  found: number,
  waiting: readonly TokenView[],
  { within, client }: ExpiringFilter,
  env: string,
): string {
  const whose = client === undefined ? '' : ` of client ${client}`;
  const where = `in environment ${env} within ${formatDuration(within)}`;
  if (found === 0) return `no live token${whose} expires ${where}`;
  if (waiting.length === 0) return `no live token${whose} without a live successor expires ${where}`;
  const clients = counted(new Set(waiting.map(({ record }) => record.client)).size, 'client');
  const verb = waiting.length === 1 ? 'expires' : 'expire';
  return `${counted(waiting.length, 'token')} of ${clients} ${verb} ${where}, without a live successor`;
}

function noClient(client: string, env: string): NotFoundError {
  return new NotFoundError('CLIENT_NOT_FOUND', `no client ${client}`, {
    why: `nothing has been issued in environment ${env}`,
    fix: 'look at the environments with: apikey config show',
  });
}
