/** `apikey config path`: the files that the configuration is read from. */
import type { Invocation } from '../../command-line/definition.ts';
import { PROJECT_FILE, userFile } from '../../config/locate.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';

export async function run(_: Invocation, { io, terminal, settings }: Context): Promise<number> {
  const { files } = await settings();
  if (terminal.json) terminal.printJson(files);
  else if (files.length > 0) terminal.print(files.join('\n'));
  else terminal.warn(`no configuration file: no ${PROJECT_FILE} here or above, and no ${userFile(io)}`);
  return EXIT_CODES.done.code;
}
