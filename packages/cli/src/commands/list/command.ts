/** `apikey list`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { JSON_FLAG, LISTING_FLAGS } from '../flags.ts';

export const list: CommandDefinition = {
  name: 'list',
  group: 'Tokens',
  summary: 'List tokens by client and time of issue',
  more:
    'Without --all, tokens that can never be live again are left out. In a pipe, each line holds, separated by tabs: ' +
    'jti, client, state, live, issuedAt, expiresAt, liveUntil, scopes, note.',
  flags: [
    { flags: '--client <id>', help: 'only the tokens of this client' },
    {
      flags: '--state <state>',
      help: 'only those pending, active or revoked',
      value: ['pending', 'active', 'revoked'],
    },
    { flags: '--expiring-within <duration>', help: 'only live tokens that end within this time, like 14d' },
    { flags: '--all', help: 'also those that are revoked or expired' },
    { flags: '--limit <count>', help: 'at most so many' },
    ...LISTING_FLAGS,
    JSON_FLAG,
  ],
  examples: [
    { does: 'all live tokens', line: 'apikey list' },
    { does: 'what ends in the next two weeks', line: 'apikey list --expiring-within 14d' },
    { does: 'the ids of one client, for a script', line: 'apikey list --client partner | cut -f1' },
  ],
  load: () => import('./run.ts'),
};
