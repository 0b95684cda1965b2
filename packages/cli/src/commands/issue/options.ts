/** What `apikey issue` was asked for, every value parsed. */
import { parseClientId, parseTime, type IssueRequest } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import { missingFlag } from '../../command-line/usage-errors.ts';
import { parseFlag, parseOptional } from '../../command-line/parse-flag.ts';
import { parseDestination, type Destination } from '../../delivery/destination.ts';
import { UsageError } from '../../usage-error.ts';
import { parseTokenFlags } from '../token-flags.ts';

const FROM_ONLY = [
  ['outDir', '--out-dir'],
  ['format', '--format'],
  ['concurrency', '--concurrency'],
  ['rate', '--rate'],
] as const;

export interface IssueOptions {
  readonly request: IssueRequest;
  readonly destination: Destination;
  readonly dryRun: boolean;
}

export function parseIssueOptions({ flags }: Invocation): IssueOptions {
  const client = flags.text('client');
  if (client === undefined) throw missingFlag('--client <id>, or --from <file>', ['issue']);
  for (const [key, name] of FROM_ONLY) {
    if (flags.text(key) === undefined) continue;
    throw new UsageError(`${name} needs --from`, { fix: 'add --from FILE to issue many tokens at once' });
  }
  const notBefore = parseOptional('--not-before', flags.text('notBefore'), parseTime);
  return {
    request: {
      ...parseTokenFlags(flags),
      client: parseFlag('--client', client, parseClientId),
      ...(notBefore === undefined ? {} : { notBefore }),
    },
    destination: parseDestination(flags),
    dryRun: flags.on('dryRun'),
  };
}
