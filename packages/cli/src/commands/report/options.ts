/** What `apikey report` was asked for. */
import { parseClientId, type EpochMillis, type EpochSeconds } from '@apikey/shared';
import type { FlagValues } from '../../command-line/flag-values.ts';
import { parseFlag, parseOptional } from '../../command-line/parse-flag.ts';
import { UsageError } from '../../usage-error.ts';
import { parseInstant } from '../audit/instant.ts';

export interface ReportOptions {
  /** Absent = all. */
  readonly clients: readonly string[] | undefined;
  readonly since: EpochSeconds | undefined;
  readonly events: boolean;
  /** The file as typed; absent = standard output. */
  readonly output: string | undefined;
  readonly force: boolean;
}

/** What the flags are held against. */
interface Where {
  /** Standard output is a terminal. */
  readonly isTTY: boolean;
  /** JSON is wanted on standard output. */
  readonly json: boolean;
  readonly now: EpochMillis;
}

export function parseOptions(flags: FlagValues, where: Where): ReportOptions {
  const typed = flags.text('output');
  const output = typed === '-' ? undefined : typed;
  if (output === '') throw new UsageError('-o needs the name of a file', { fix: 'name a new file, like report.html' });
  if (flags.on('force') && output === undefined) {
    throw new UsageError('--force needs -o', { why: 'it replaces the output file', fix: 'add -o FILE' });
  }
  if (where.json && output === undefined) {
    throw new UsageError('--json needs -o', {
      why: 'the report itself would go to standard output',
      fix: 'add -o FILE',
    });
  }
  if (typed === undefined && where.isTTY) {
    throw new UsageError('-o is missing', {
      why: 'the report is a page of HTML, which is not to be read on a terminal',
      fix: 'add -o report.html, or send standard output to a file',
    });
  }
  const clients = [...new Set(flags.texts('client').map((text) => parseFlag('--client', text, parseClientId)))];
  return {
    clients: clients.length === 0 ? undefined : clients.toSorted(),
    since: parseOptional('--since', flags.text('since'), (text) => Math.floor(parseInstant(where.now)(text) / 1000)),
    events: !flags.off('events'),
    output,
    force: flags.on('force'),
  };
}
