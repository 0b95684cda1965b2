/** `apikey completion`: the script that a shell loads; it asks `apikey complete -- <words>` for suggestions. */
import { completionTree } from '../../command-line/complete.ts';
import type { Invocation } from '../../command-line/definition.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { UsageError } from '../../usage-error.ts';

const SHELLS: ReadonlySet<string> = new Set(['bash', 'zsh', 'fish', 'powershell']);

export async function run({ args: [shell = ''] }: Invocation): Promise<number> {
  if (!SHELLS.has(shell)) {
    throw new UsageError('there is no completion for this shell', { why: 'known are bash, zsh, fish and powershell' });
  }
  completionTree([]).setup('apikey', 'apikey', shell);
  return EXIT_CODES.done.code;
}
