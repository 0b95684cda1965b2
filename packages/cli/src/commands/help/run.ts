/** `apikey help`: commands from their definitions, topics from the tables that the program itself uses. */
import type { Invocation } from '../../command-line/definition.ts';
import { findNode, helpText } from '../../command-line/help.ts';
import { suggest } from '../../config/suggest.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { UsageError } from '../../usage-error.ts';
import { COMMANDS } from '../index.ts';
import { TOPICS } from './topics.ts';

export async function run({ args }: Invocation, { terminal }: Context): Promise<number> {
  const path = args.filter((word) => word !== undefined);
  const [topic] = path;
  const text = topic === undefined || path.length > 1 ? undefined : TOPICS.get(topic);
  const options = { columns: terminal.columns, bold: terminal.style.bold };
  if (text !== undefined) {
    terminal.print(text(options.bold).join('\n'));
  } else {
    // `config` is both: the topic above explains the file, `config --help` the commands.
    if (path.length > 0 && findNode(COMMANDS, path) === undefined) throw unknownTopic(path.join(' '));
    terminal.print(helpText(COMMANDS, path, options));
  }
  return EXIT_CODES.done.code;
}

function unknownTopic(topic: string): UsageError {
  const known = [...TOPICS.keys(), ...COMMANDS.map(({ name }) => name)];
  const meant = suggest(topic, known);
  return new UsageError(`there is no help on "${topic}"`, {
    why: `topics: ${[...TOPICS.keys()].join(', ')}, and every command`,
    fix: meant === undefined ? 'see: apikey --help' : `did you mean: apikey help ${meant}`,
  });
}
