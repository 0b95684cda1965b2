/** `apikey version`: its words. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { JSON_FLAG } from '../flags.ts';

export const version: CommandDefinition = {
  name: 'version',
  group: 'More',
  summary: 'Show the version',
  flags: [JSON_FLAG],
  examples: [{ does: 'the version', line: 'apikey version' }],
  load: () => import('./run.ts'),
};
