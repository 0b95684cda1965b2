/** `apikey help`: its words. */
import type { CommandDefinition } from '../../command-line/definition.ts';

export const help: CommandDefinition = {
  name: 'help',
  group: 'More',
  summary: 'Explain a command or a topic',
  more: 'Topics: exit-codes, environment, config.',
  arguments: [
    { name: 'topic', help: 'a command, or exit-codes, environment or config', value: 'topic', optional: true },
    { name: 'subcommand', help: 'a command under it', value: 'topic', optional: true },
  ],
  examples: [
    { does: 'what an exit code means', line: 'apikey help exit-codes' },
    { does: 'how to issue a token', line: 'apikey help issue' },
  ],
  load: () => import('./run.ts'),
};
