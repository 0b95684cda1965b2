/** `apikey show`: its words and flags. */
import type { CommandDefinition } from '../../command-line/definition.ts';
import { CLIENT_OF_JTI_FLAG, JSON_FLAG } from '../flags.ts';

export const show: CommandDefinition = {
  name: 'show',
  group: 'Tokens',
  summary: 'Show one token and what happened to it',
  arguments: [{ name: 'jti', help: 'id of the token, or its first characters, at least 6' }],
  flags: [CLIENT_OF_JTI_FLAG, JSON_FLAG],
  examples: [
    { does: 'by its id', line: 'apikey show 3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11' },
    { does: 'by the first characters of its id', line: 'apikey show 3f0e8a --client partner' },
  ],
  load: () => import('./run.ts'),
};
