/** `apikey revoke`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { CLIENT_OF_JTI_FLAG, DRY_RUN_FLAG, JSON_FLAG, QUIET_FLAG, TOKEN_FILE_FLAG, YES_FLAG } from '../flags.ts';

const WHICH = 'Which tokens';
const IN_FORCE = 'Waiting until it is in force';

export const revoke: CommandDefinition = {
  name: 'revoke',
  group: 'Tokens',
  summary: 'End a token for good, before the command returns',
  more:
    'One token by its jti, or by the token itself; all tokens of a client; or those that a file lists. Authorizers that ' +
    'keep answers for a while deny a revoked token once that while is over: --wait waits for it, as long as the settings ' +
    'gateway_result_ttl, max_staleness and stale_if_error of the environment say. With --from, --json prints one object a line.',
  arguments: [
    {
      name: 'jti',
      help: 'id of the token; with --token a file that holds the token, or - for standard input',
      optional: true,
    },
  ],
  flags: [
    { flags: '--reason <text>', help: 'why, kept with the token and in the audit log' },
    YES_FLAG,
    DRY_RUN_FLAG,
    { ...CLIENT_OF_JTI_FLAG, group: WHICH },
    {
      group: WHICH,
      flags: '--all',
      help: 'with --client: all tokens of the client, those being issued included',
      excludes: ['token', 'from'],
    },
    {
      group: WHICH,
      flags: '--token',
      help: 'whoever holds a leaked token: the token itself, instead of its jti',
      excludes: ['client', 'from'],
    },
    { group: WHICH, ...TOKEN_FILE_FLAG, help: 'with --token or --probe: read the token from a file' },
    {
      group: WHICH,
      flags: '--from <file>',
      help: 'a file with one jti a line, # begins a comment; - for standard input',
      excludes: ['client'],
    },
    { group: IN_FORCE, flags: '--wait', help: 'return once the revocation holds everywhere' },
    {
      group: IN_FORCE,
      flags: '--probe <url>',
      help: 'with --wait: ask this API with the revoked token until it is denied',
    },
    JSON_FLAG,
    QUIET_FLAG,
  ],
  examples: [
    { does: 'find the id', line: 'apikey list --client partner' },
    {
      does: 'end it, without a question',
      line: 'apikey revoke 3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11 --yes --reason "partner left"',
    },
    {
      does: 'a token that was found somewhere',
      line: 'apikey revoke --token --token-file leaked.token --reason leaked',
    },
    {
      does: 'and see it denied',
      line: 'apikey revoke --token --token-file leaked.token --yes --wait --probe https://api.example.gov/plans',
    },
  ],
  load: () => import('./run.ts'),
};
