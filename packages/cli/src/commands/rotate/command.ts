/** `apikey rotate`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import {
  CLIENT_OF_JTI_FLAG,
  CLOCK_CHECKED_FLAG,
  DRY_RUN_FLAG,
  EXPIRES_FLAG,
  JSON_FLAG,
  OUTPUT_FLAGS,
  QUIET_FLAG,
  REQUEST_ID_FLAG,
  YES_FLAG,
} from '../flags.ts';

const LIFETIME = 'Lifetime';
const BULK = 'Many at once';
/** What belongs to one token, or to the place of one. */
const OF_ONE = ['output', 'to', 'scope', 'audience', 'note', 'requestId'];
const UNDER_WAY = 'Rotations under way';
/** What makes new tokens, which looking at a rotation and ending it do not. */
const MAKING = [...OF_ONE, 'alg', 'takeOver', 'grace', 'ttl', 'expires', 'all', 'expiringWithin', 'outDir', 'force'];

export const rotate: CommandDefinition = {
  name: 'rotate',
  group: 'Tokens',
  summary: 'Replace a token by a new one, and let the old one live on for a while',
  more:
    'Standard output carries the new token and nothing else. It has the scopes, audience, lifetime and note of the old ' +
    'one unless told otherwise. The old token ends after the grace, and never later than it would have. With --all, ' +
    'every live token without a successor is rotated: into files named CLIENT-OLDJTI.token, or with --json as one JSON ' +
    'object a line, failures included. A run that was cut short goes on when it is run again. --status tells who still ' +
    'uses the old token of a rotation, as far as authorizers recorded it; --finish ends its grace early, once its ' +
    'successor has been used and it has not for a while.',
  arguments: [{ name: 'jti', help: 'id of the token; may be left out where its client has only one', optional: true }],
  flags: [
    CLIENT_OF_JTI_FLAG,
    { flags: '--scope <scope>', help: 'what the new token may be used for', repeatable: true },
    { flags: '--audience <url>', help: 'API that the new token is for', repeatable: true },
    { flags: '--note <text>', help: 'what the new token is for, shown in lists' },
    { flags: '--alg <name>', help: 'signature algorithm; must be that of the active key' },
    REQUEST_ID_FLAG,
    { flags: '--take-over', help: 'revoke the pending token of a rotation that was cut short, and start again' },
    YES_FLAG,
    CLOCK_CHECKED_FLAG,
    DRY_RUN_FLAG,
    {
      group: LIFETIME,
      flags: '--grace <duration>',
      help: 'how long the old token lives on; 0 ends it at once and needs -o or --to (default: 7d)',
    },
    {
      group: LIFETIME,
      flags: '--ttl <duration>',
      help: 'how long the new token lives, like 90d (default: as the old one)',
      excludes: ['expires'],
    },
    EXPIRES_FLAG,
    { group: BULK, flags: '--all', help: 'rotate every live token, or those of --client', excludes: OF_ONE },
    { group: BULK, flags: '--expiring-within <duration>', help: 'with --all: only those that end within this time' },
    { group: BULK, flags: '--out-dir <directory>', help: 'with --all: write each token to a file of its own' },
    {
      group: UNDER_WAY,
      flags: '--status',
      help: 'show the rotations under way: of a token, of --client, or all',
      excludes: [...MAKING, 'finish'],
    },
    {
      group: UNDER_WAY,
      flags: '--finish',
      help: 'end the grace of the old token now, if the recorded use allows it',
      excludes: MAKING,
    },
    {
      group: UNDER_WAY,
      flags: '--quiet-for <duration>',
      help: 'with --finish: how long the old token must not have been used; also --quiet 24h (default: 24h, at least 16m)',
    },
    ...OUTPUT_FLAGS,
    JSON_FLAG,
    QUIET_FLAG,
  ],
  examples: [
    { does: 'the one token of a client, into a variable', line: 'TOKEN=$(apikey rotate --client partner)' },
    {
      does: 'a certain token, the old one ending after a day',
      line: 'apikey rotate 3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11 --grace 1d -o partner.token',
    },
    {
      does: 'in a secret that a client reads, which holds a live token at every moment',
      line: 'apikey rotate --client partner --to secretsmanager:partner/api#token',
    },
    {
      does: 'all that end within two weeks',
      line: 'apikey rotate --all --expiring-within 14d --out-dir tokens --yes',
    },
    { does: 'who still uses the old token?', line: 'apikey rotate --status --client partner' },
    {
      does: 'nobody for a day: end it',
      line: 'apikey rotate --finish 3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11 --quiet 24h',
    },
  ],
  load: () => import('./run.ts'),
};
