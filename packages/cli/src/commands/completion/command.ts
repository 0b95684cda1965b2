/** `apikey completion`: its words. */
import type { CommandDefinition } from '../../command-line/definition.ts';

export const completion: CommandDefinition = {
  name: 'completion',
  group: 'More',
  summary: 'Print a script that completes commands and flags in a shell',
  more:
    'Nothing else has to be installed. Clients, ids of tokens and keys are offered where the registry answers within ' +
    '150 ms; a configuration file that others may have written is not obeyed for that either.',
  arguments: [{ name: 'shell', help: 'bash, zsh, fish or powershell', value: ['bash', 'zsh', 'fish', 'powershell'] }],
  examples: [
    { does: 'for this bash session', line: 'source <(apikey completion bash)' },
    { does: 'for every bash session', line: 'apikey completion bash >> ~/.bashrc' },
    { does: 'for every zsh session', line: 'apikey completion zsh > "${fpath[1]}/_apikey"' },
    { does: 'for fish', line: 'apikey completion fish > ~/.config/fish/completions/apikey.fish' },
  ],
  load: () => import('./run.ts'),
};
