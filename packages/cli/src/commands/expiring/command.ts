/** `apikey expiring`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { JSON_FLAG, LISTING_FLAGS } from '../flags.ts';

export const expiring: CommandDefinition = {
  name: 'expiring',
  group: 'Tokens',
  summary: 'Show live tokens that expire soon, by client, and exit with 11 if one has no successor',
  more:
    'Tokens whose successor is live are shown and not counted: they end as planned. In a pipe, each line holds, separated ' +
    'by tabs: client, contact, jti, expiresAt, liveUntil, lastUsedAt, replacedBy.',
  flags: [
    { flags: '--within <duration>', help: 'how soon (default: 14d)' },
    { flags: '--client <id>', help: 'only the tokens of this client' },
    ...LISTING_FLAGS,
    JSON_FLAG,
  ],
  examples: [
    { does: 'within two weeks', line: 'apikey expiring' },
    { does: 'in cron, which mails what is printed', line: 'apikey expiring --env prod --within 14d' },
    { does: 'for a program', line: 'apikey expiring --within 30d --json' },
  ],
  load: () => import('./run.ts'),
};
