/** `apikey issue`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { DRY_RUN_FLAG, EXPIRES_FLAG, JSON_FLAG, OUTPUT_FLAGS, QUIET_FLAG, REQUEST_ID_FLAG } from '../flags.ts';

const LIFETIME = 'Lifetime';

export const issue: CommandDefinition = {
  name: 'issue',
  group: 'Tokens',
  summary: 'Issue a token for a client and print it once',
  more:
    'Standard output carries the token and nothing else; it is stored nowhere. A client that is not known yet is ' +
    'registered. In the environment local, the first issue sets up registry and signing key.',
  flags: [
    { flags: '--client <id>', help: 'machine or team that will hold the token', required: true },
    { flags: '--scope <scope>', help: 'what the token may be used for', repeatable: true },
    {
      flags: '--audience <url>',
      help: 'API that the token is for, in place of the one of the environment',
      repeatable: true,
    },
    { flags: '--note <text>', help: 'what the token is for, shown in lists' },
    { flags: '--alg <name>', help: 'signature algorithm; must be that of the active key (default: ES256)' },
    REQUEST_ID_FLAG,
    DRY_RUN_FLAG,
    {
      group: LIFETIME,
      flags: '--ttl <duration>',
      help: 'how long it lives, like 90d or 12h (default: 90d)',
      excludes: ['expires'],
    },
    EXPIRES_FLAG,
    { group: LIFETIME, flags: '--not-before <time>', help: 'when it begins to be accepted' },
    ...OUTPUT_FLAGS,
    JSON_FLAG,
    QUIET_FLAG,
  ],
  examples: [
    { does: 'a token for 90 days, into a variable', line: 'TOKEN=$(apikey issue --client partner --ttl 90d)' },
    {
      does: 'a token with two scopes, into a file that only you can read',
      line: 'apikey issue --client partner --scope plans:read --scope plans:write -o partner.token',
    },
    {
      does: 'safe to run again after a failure',
      line: 'apikey issue --client partner --request-id ticket-1234 --json',
    },
  ],
  load: () => import('./run.ts'),
};
