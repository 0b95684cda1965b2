/** `apikey status`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { JSON_FLAG } from '../flags.ts';

export const status: CommandDefinition = {
  name: 'status',
  group: 'Environment',
  summary: 'Show the environment you work in, and what needs attention',
  more:
    'Which environment and why, on AWS the account and caller, the registry, the key that signs, tokens in numbers. ' +
    'Changes nothing. In a large registry the 5,000 tokens that end first are counted.',
  flags: [JSON_FLAG],
  examples: [
    { does: 'where am I?', line: 'apikey status' },
    { does: 'production, for a program', line: 'apikey status --env prod --json' },
  ],
  load: () => import('./run.ts'),
};
