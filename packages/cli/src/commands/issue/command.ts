/** `apikey issue`: its words and flags. */
import type { CommandDefinition, FlagDefinition } from '../../command-line/definition.ts';
import {
  CLOCK_CHECKED_FLAG,
  DRY_RUN_FLAG,
  EXPIRES_FLAG,
  JSON_FLAG,
  OUTPUT_FLAGS,
  QUIET_FLAG,
  REQUEST_ID_FLAG,
} from '../flags.ts';

const LIFETIME = 'Lifetime';
const MANY = 'Many tokens at once';

const FROM_FLAGS: readonly FlagDefinition[] = [
  {
    group: MANY,
    flags: '--from <file>',
    help: 'issue a token for each line of a CSV or JSON Lines file; - for standard input',
    excludes: ['client', 'force', 'to'],
  },
  {
    group: MANY,
    flags: '--format <name>',
    help: 'csv or jsonl: form of the file, where its name does not tell; text or json, without --from also jsonl: form of the output',
    value: ['csv', 'jsonl', 'text', 'json'],
  },
  {
    group: MANY,
    flags: '--out-dir <dir>',
    help: 'write each token to a new file in this directory, made if missing',
    excludes: ['output'],
  },
  { group: MANY, flags: '--concurrency <count>', help: 'tokens under way at once (default: 128)' },
  { group: MANY, flags: '--rate <count>', help: 'signatures a second (default: no limit, with KMS 285)' },
];

export const issue: CommandDefinition = {
  name: 'issue',
  group: 'Tokens',
  summary: 'Issue a token for a client and print it once',
  more:
    'Standard output carries the token and nothing else; it is stored nowhere. A client that is not known yet is ' +
    'registered. In the environment local, the first issue sets up registry and signing key. With --from, the other ' +
    'flags hold for lines that do not say otherwise, and -o FILE gets one JSON object a line, as does --json; the ' +
    'whole file is checked before anything is issued.',
  flags: [
    { flags: '--client <id>', help: 'machine or team that will hold the token; needed without --from' },
    { flags: '--scope <scope>', help: 'what the token may be used for', repeatable: true },
    {
      flags: '--audience <url>',
      help: 'API that the token is for, in place of the one of the environment',
      repeatable: true,
    },
    { flags: '--note <text>', help: 'what the token is for, shown in lists' },
    { flags: '--alg <name>', help: 'signature algorithm; must be that of the active key (default: ES256)' },
    REQUEST_ID_FLAG,
    CLOCK_CHECKED_FLAG,
    DRY_RUN_FLAG,
    {
      group: LIFETIME,
      flags: '--ttl <duration>',
      help: 'how long it lives, like 90d or 12h (default: 90d)',
      excludes: ['expires'],
    },
    EXPIRES_FLAG,
    { group: LIFETIME, flags: '--not-before <time>', help: 'when it begins to be accepted' },
    ...FROM_FLAGS,
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
      does: 'into a member of a JSON secret, so that nobody sees it',
      line: 'apikey issue --client partner --to secretsmanager:partner/api#token',
    },
    {
      does: 'a token for each line of a file, safe to run again until all are there',
      line: 'apikey issue --from clients.csv --out-dir tokens',
    },
    {
      does: 'safe to run again after a failure',
      line: 'apikey issue --client partner --request-id ticket-1234 --json',
    },
  ],
  load: () => import('./run.ts'),
};
