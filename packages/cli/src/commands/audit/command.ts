/** `apikey audit`: its words and flags. */
import type { CommandGroup, FlagDefinition } from '../../command-line/definition.ts';
import { DRY_RUN_FLAG, JSON_FLAG, LISTING_FLAGS, QUIET_FLAG } from '../flags.ts';

const FROM_EXPORT_FLAG: FlagDefinition = {
  flags: '--from <file>',
  help: 'check a file that audit export wrote, in place of the registry',
};

const SEAL_FLAGS: readonly FlagDefinition[] = [
  {
    flags: '--seal <file>',
    help: 'hold it against a seal: a file, - for standard input, or latest for the one kept with the registry',
  },
  {
    flags: '--seal-keys <file>',
    help: 'with --seal: trust the keys in this file, which keys export --ring seal wrote',
  },
];

export const audit: CommandGroup = {
  name: 'audit',
  group: 'Audit',
  summary: 'See what was changed, by whom and why, and prove that the record of it is whole',
  commands: [
    {
      name: 'list',
      summary: 'List what was changed, by whom, when and why',
      more:
        'Also without the word list. Oldest first. In a pipe, each line holds, separated by tabs: at, actor, action, ' +
        'aggregate, seq, subject, reason, changes.',
      flags: [
        {
          group: 'Which',
          flags: '--since <time>',
          help: 'from then on: 2027-02-01, an RFC 3339 time, or 7d for 7 days ago',
        },
        { group: 'Which', flags: '--until <time>', help: 'before then, written in the same ways' },
        { group: 'Which', flags: '--client <id>', help: 'only what happened to this client and its tokens' },
        {
          group: 'Which',
          flags: '--token <jti>',
          help: 'only one token; the first characters of its id are enough, at least 6',
        },
        { group: 'Which', flags: '--actor <text>', help: 'only by actors whose name holds this text' },
        { group: 'Which', flags: '--action <name>', help: 'only this action, like token.revoked, or kind, like token' },
        { group: 'Which', flags: '--limit <count>', help: 'only so many, the newest' },
        ...LISTING_FLAGS,
        { ...JSON_FLAG, help: 'print a JSON array', excludes: ['jsonLines'] },
        { group: 'Output', flags: '--json-lines', help: 'print one JSON object a line' },
      ],
      examples: [
        { does: 'the last week', line: 'apikey audit --since 7d' },
        { does: 'everything about one client', line: 'apikey audit --client partner' },
        { does: 'all revocations, for a program', line: 'apikey audit --action token.revoked --json-lines' },
      ],
      load: () => import('./list.ts'),
    },
    {
      name: 'verify',
      summary: 'Recompute every chain, and the registry from its events, and report what does not fit',
      more:
        'Ends with 11 where something does not fit. What a chain alone cannot show (a tail cut off together with its ' +
        'head, a client removed together with its events) takes a seal or an export kept elsewhere.',
      flags: [
        FROM_EXPORT_FLAG,
        ...SEAL_FLAGS,
        { flags: '--client <id>', help: 'only this client' },
        JSON_FLAG,
        QUIET_FLAG,
      ],
      examples: [
        { does: 'the registry', line: 'apikey audit verify' },
        { does: 'a copy, without access to the registry', line: 'apikey audit verify --from audit.jsonl' },
        { does: 'also what was removed since a seal', line: 'apikey audit verify --seal yesterday.jws' },
      ],
      load: () => import('./verify.ts'),
    },
    {
      name: 'seal',
      summary: 'Sign where the log stands now, so that a later removal shows',
      more:
        'The seal, a JWS of type audit-seal+jwt, goes to standard output, or where --to says, and is kept with the ' +
        'registry. It is signed by a key ring of its own (keys --ring seal), which is made with the first seal and signs ' +
        'no tokens. Meant for a daily schedule, with copies where nobody who can write the registry can touch them.',
      flags: [
        {
          group: 'Output',
          flags: '--to <place>',
          help: 'a new file with mode 0600, a directory for a new file in it, or ssm:/PATH for up to 8,192 characters',
        },
        { group: 'Output', flags: '--force', help: 'with --to FILE: replace the file if it exists' },
        DRY_RUN_FLAG,
        JSON_FLAG,
        QUIET_FLAG,
      ],
      examples: [
        { does: 'into a file', line: 'apikey audit seal --to seal.jws' },
        { does: 'every day, into a directory', line: 'apikey audit seal --env prod -q --to /var/lib/apikey-seals/' },
        { does: 'what was removed since', line: 'apikey audit verify --seal seal.jws' },
      ],
      load: () => import('./seal.ts'),
    },
    {
      name: 'export',
      summary: 'Copy the events, and the state that they led to, into a file',
      more:
        'JSON Lines, described in docs/audit.md. It holds no token and nothing that one could be rebuilt from. Kept ' +
        'elsewhere, it is the second copy of the truth: audit verify --from checks it, a restore replays it.',
      flags: [
        {
          group: 'Output',
          flags: '-o, --output <file>',
          help: 'write to a new file with mode 0600; - or nothing for standard output',
        },
        { group: 'Output', flags: '--force', help: 'with -o: replace the file if it exists', excludes: ['append'] },
        { group: 'Output', flags: '--append', help: 'with -o: add to an earlier export what is new since' },
        { ...JSON_FLAG, help: 'with -o: print JSON about what was written' },
        QUIET_FLAG,
      ],
      examples: [
        { does: 'into a new file', line: 'apikey audit export -o audit.jsonl' },
        { does: 'on a schedule: what is new since', line: 'apikey audit export -o audit.jsonl --append' },
      ],
      load: () => import('./export.ts'),
    },
    {
      name: 'reconcile',
      summary: 'Hold the registry against what CloudTrail knows of signing',
      more:
        'Every signature by a key of the ring must belong to a token, and every token must have its signature: what ' +
        'does not pair is a finding, and ends with 11. Signatures of runs that crashed or were repeated are listed.',
      flags: [
        {
          group: 'Which log',
          flags: '--cloudtrail <path>',
          help: 'log file as delivered, plain or gzip, or a folder of them',
          repeatable: true,
          excludes: ['lookup'],
        },
        { group: 'Which log', flags: '--lookup', help: 'the event history of the Region, which reaches back 90 days' },
        {
          group: 'Which log',
          flags: '--since <time>',
          help: 'judge what was made from then on: 2027-02-01, an RFC 3339 time, or 7d for 7 days ago (default: what the log covers)',
        },
        { group: 'Which log', flags: '--until <time>', help: 'and before then, written in the same ways' },
        JSON_FLAG,
        QUIET_FLAG,
      ],
      examples: [
        { does: 'the last 90 days', line: 'apikey audit reconcile --env prod --lookup' },
        { does: 'a month of a trail', line: 'apikey audit reconcile --env prod --cloudtrail ./trail/2027/02' },
      ],
      load: () => import('./reconcile.ts'),
    },
  ],
  defaultCommand: 'list',
};
