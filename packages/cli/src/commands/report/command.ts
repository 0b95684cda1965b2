/** `apikey report`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';

export const report: CommandDefinition = {
  name: 'report',
  group: 'Audit',
  summary: 'Draw the whole environment as one HTML file',
  more:
    'Changes nothing. What needs attention comes first, then the life of every token, the key ring, a searchable table, recent ' +
    'events, whether the audit log verifies, and how soon a revocation holds. The file fetches nothing, holds no token ' +
    'and no key, and can be printed.',
  flags: [
    { flags: '--client <id>', help: 'only this client', repeatable: true },
    {
      flags: '--since <time>',
      help: 'leave out what ended or happened before: 2027-02-01, an RFC 3339 time, or 90d for 90 days ago',
    },
    { flags: '--no-events', help: 'leave out the recent events, and with them who did what' },
    {
      group: 'Output',
      flags: '-o, --output <file>',
      help: 'write it to a new file with mode 0600; without, or with -, to standard output',
    },
    { group: 'Output', flags: '--force', help: 'with -o: replace the file if it exists' },
    { group: 'Output', flags: '--json', help: 'with -o: print what the report holds as JSON' },
    { group: 'Output', flags: '-q, --quiet', help: 'no words on standard error' },
  ],
  examples: [
    { does: 'the environment local, to be opened in a browser', line: 'apikey report -o report.html' },
    {
      does: 'production, every night in place of the last',
      line: 'apikey report --env prod -o report.html --force -q',
    },
    {
      does: 'two clients since the new year, for their auditor',
      line: 'apikey report --client partner --client billing --since 2027-01-01 -o audit.html',
    },
  ],
  load: () => import('./run.ts'),
};
