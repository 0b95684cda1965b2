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

/** All that a command takes: its own flags, then the global ones. */
export function allFlags({ flags = [] }: Pick<CommandDefinition, 'flags'>): readonly FlagDefinition[] {
  return [...flags, ...GLOBAL_FLAGS];
}
