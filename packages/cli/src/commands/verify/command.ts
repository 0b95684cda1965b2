/** `apikey verify`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { JSON_FLAG, TOKEN_FILE_FLAG } from '../flags.ts';

export const verify: CommandDefinition = {
  name: 'verify',
  group: 'Tokens',
  summary: 'Check whether a token would be accepted now',
  more: 'Prints every check, and the reason where one fails. Exit code 0 means live, 10 not live. The token is best given on standard input or in a file.',
  arguments: [{ name: 'token', help: 'a file that holds the token, or - for standard input', optional: true }],
  flags: [
    TOKEN_FILE_FLAG,
    { flags: '--from <address>', help: 'IP address of the caller, checked against the networks of the client' },
    JSON_FLAG,
  ],
  examples: [
    { does: 'a token in a variable', line: 'printf %s "$TOKEN" | apikey verify' },
    { does: 'a token in a file', line: 'apikey verify --token-file partner.token' },
    { does: 'as the API would see it from an address', line: 'apikey verify --from 203.0.113.7 < partner.token' },
  ],
  load: () => import('./run.ts'),
};
