/** What `apikey issue` was asked for, every value parsed. */
import { parseClientId, parseTime, type IssueRequest } from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import { parseFlag, parseOptional } from '../../command-line/parse-flag.ts';
import { parseDestination, type Destination } from '../../delivery/destination.ts';
import { parseTokenFlags } from '../token-flags.ts';

export interface IssueOptions {
  readonly request: IssueRequest;
  readonly destination: Destination;
  readonly dryRun: boolean;
}

export function parseIssueOptions({ flags }: Invocation): IssueOptions {
  const notBefore = parseOptional('--not-before', flags.text('notBefore'), parseTime);
  return {
    request: {
      ...parseTokenFlags(flags),
      client: parseFlag('--client', flags.required('client'), parseClientId),
      ...(notBefore === undefined ? {} : { notBefore }),
    },
    destination: parseDestination(flags),
    dryRun: flags.on('dryRun'),
  };
}
