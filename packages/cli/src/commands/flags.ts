/** Flags that several commands take, worded once. */
import type { FlagDefinition } from '../command-line/definition.ts';

export const JSON_FLAG: FlagDefinition = { group: 'Output', flags: '--json', help: 'print JSON' };
export const QUIET_FLAG: FlagDefinition = { group: 'Output', flags: '-q, --quiet', help: 'no words on standard error' };
export const DRY_RUN_FLAG: FlagDefinition = {
  flags: '--dry-run',
  help: 'show what would be done, and change nothing',
};
/** For every command that gives a power; the rule itself holds where the change is committed. */
export const CLOCK_CHECKED_FLAG: FlagDefinition = {
  flags: '--clock-checked',
  help: 'the clock of this host is right, although the audit log names a later time',
};
export const YES_FLAG: FlagDefinition = { flags: '-y, --yes', help: 'do not ask' };
export const CLIENT_OF_JTI_FLAG: FlagDefinition = {
  flags: '--client <id>',
  help: 'client of the token: so the first characters of a jti need only be its own',
};
export const TOKEN_FILE_FLAG: FlagDefinition = {
  flags: '--token-file <file>',
  help: 'read the token from a file, in place of standard input',
};
export const REQUEST_ID_FLAG: FlagDefinition = {
  flags: '--request-id <id>',
  help: 'makes a rerun finish this request, never issue twice',
};
export const EXPIRES_FLAG: FlagDefinition = {
  group: 'Lifetime',
  flags: '--expires <time>',
  help: 'when it ends instead: 2027-02-01 or an RFC 3339 time',
};
export const OUTPUT_FLAGS: readonly FlagDefinition[] = [
  { group: 'Output', flags: '-o, --output <file>', help: 'write the token to a new file with mode 0600' },
  { group: 'Output', flags: '--force', help: 'with -o: replace the file if it exists' },
  {
    group: 'Output',
    flags: '--to <store>',
    help: 'put the token where its readers look: secretsmanager:NAME, secretsmanager:NAME#KEY or ssm:/PATH',
    excludes: ['output'],
  },
];
export const REASON_FLAG: FlagDefinition = { flags: '--reason <text>', help: 'why, kept in the audit log' };
/** What must be typed, or given here, before something that cannot be mended. */
export const CONFIRM_FLAG: FlagDefinition = {
  flags: '--confirm <name>',
  help: 'confirm by giving the name again, in place of typing it',
};

export const LISTING_FLAGS: readonly FlagDefinition[] = [
  { group: 'Output', flags: '--columns <names>', help: 'these columns in this order, separated by commas' },
  { group: 'Output', flags: '--header', help: 'in a pipe: a first line with the names of the columns' },
];
