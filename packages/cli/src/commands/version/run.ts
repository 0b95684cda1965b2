/** `apikey version`: the same as `--version`; in JSON with the runtime, for reports. */
import type { Invocation } from '../../command-line/definition.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { VERSION } from '../../version.ts';

export async function run(_: Invocation, { terminal }: Context): Promise<number> {
  if (terminal.json) terminal.printJson({ version: VERSION, node: process.versions.node, platform: process.platform });
  else terminal.print(VERSION);
  return EXIT_CODES.done.code;
}
