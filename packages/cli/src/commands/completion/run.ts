/** `apikey completion`: the script that a shell loads; it asks `apikey complete -- WORDS` for suggestions. */
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { UsageError } from '../../usage-error.ts';
import { SCRIPTS } from './scripts.ts';

export async function run({ args: [shell = ''] }: Invocation, { terminal }: Context): Promise<number> {
  const script = SCRIPTS.get(shell);
  if (script === undefined) {
    throw new UsageError('there is no completion for this shell', {
      why: `known are ${[...SCRIPTS.keys()].join(', ')}`,
      fix: 'see: apikey completion --help',
    });
  }
  terminal.print(script.trimEnd());
  return EXIT_CODES.done.code;
}
