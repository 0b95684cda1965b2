/** The flags that every command takes, before or after its name. */
import type { CommandDefinition, FlagDefinition } from './definition.ts';

const GLOBAL = 'Global flags';

export const GLOBAL_FLAGS: readonly FlagDefinition[] = [
  {
    group: GLOBAL,
    flags: '--env <name>',
    help: 'environment to work in (default: local)',
    value: 'environment',
    lastWins: true,
  },
  {
    group: GLOBAL,
    flags: '--config <file>',
    help: 'configuration file, in place of those that would be found',
    lastWins: true,
  },
  { group: GLOBAL, flags: '--profile <name>', help: 'AWS profile, in place of AWS_PROFILE', lastWins: true },
  { group: GLOBAL, flags: '--region <name>', help: 'AWS Region, in place of AWS_REGION', lastWins: true },
  { group: GLOBAL, flags: '--no-input', help: 'never ask; fail where a question would be needed' },
  { group: GLOBAL, flags: '--no-color', help: 'no colours' },
  { group: GLOBAL, flags: '--debug', help: 'show where an error comes from' },
];

const FORMAT_FLAG: FlagDefinition = {
  group: 'Output',
  flags: '--format <name>',
  help: 'text, json (as --json), or jsonl: one JSON object a line',
  value: ['text', 'json', 'jsonl'],
  excludes: ['json'],
};

/** All that a command takes: its own flags, `--format` wherever there is `--json`, then the global ones. */
export function allFlags({ flags = [] }: Pick<CommandDefinition, 'flags'>): readonly FlagDefinition[] {
  return [...ownFlags({ flags }), ...GLOBAL_FLAGS];
}

/** The same without the global ones. */
export function ownFlags({ flags = [] }: Pick<CommandDefinition, 'flags'>): readonly FlagDefinition[] {
  if (formatsFiles({ flags })) return flags;
  return flags.flatMap((flag) => (flag.flags === '--json' ? [flag, FORMAT_FLAG] : [flag]));
}

/** Whether a command has a `--format` of its own, which also says what its input is. */
export function formatsFiles({ flags = [] }: Pick<CommandDefinition, 'flags'>): boolean {
  return flags.some((flag) => flag.flags.startsWith('--format '));
}
