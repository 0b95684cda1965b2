/** `apikey activate`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import {
  CLIENT_OF_JTI_FLAG,
  CLOCK_CHECKED_FLAG,
  DRY_RUN_FLAG,
  JSON_FLAG,
  QUIET_FLAG,
  TOKEN_FILE_FLAG,
} from '../flags.ts';

export const activate: CommandDefinition = {
  name: 'activate',
  group: 'Tokens',
  summary: 'Finish a token whose issue was cut short',
  more:
    'Such a token was handed over, but is still pending and so denied. The token itself is needed, as proof that it ' +
    'arrived: on standard input or in a file.',
  arguments: [{ name: 'jti', help: 'id of the pending token, or its first characters, at least 6' }],
  flags: [TOKEN_FILE_FLAG, CLIENT_OF_JTI_FLAG, CLOCK_CHECKED_FLAG, DRY_RUN_FLAG, JSON_FLAG, QUIET_FLAG],
  examples: [
    { does: 'find what is pending', line: 'apikey list --state pending' },
    {
      does: 'finish it',
      line: 'apikey activate 3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11 --token-file partner.token',
    },
  ],
  load: () => import('./run.ts'),
};
