/** `apikey config`: its words and flags. */
import type { CommandGroup } from '../../command-line/definition.ts';
import { JSON_FLAG } from '../flags.ts';

export const config: CommandGroup = {
  name: 'config',
  group: 'Environment',
  summary: 'Show the configuration in force',
  commands: [
    {
      name: 'show',
      summary: 'Show every setting, and where its value comes from',
      flags: [JSON_FLAG],
      examples: [
        { does: 'what is in force here', line: 'apikey config show' },
        { does: 'the same for another environment', line: 'apikey config show --env prod --json' },
      ],
      load: () => import('./show.ts'),
    },
    {
      name: 'path',
      summary: 'Show which configuration files are read',
      flags: [JSON_FLAG],
      examples: [{ does: 'the files in force here', line: 'apikey config path' }],
      load: () => import('./path.ts'),
    },
  ],
};
