/** Reads argv with commander: to a command with its flags and arguments, a request for help, or a usage error. */
import { Argument, Command, CommanderError, Option, type ErrorOptions, type HelpContext } from 'commander';
import {
  isGroup,
  type CommandDefinition,
  type CommandNode,
  type FlagDefinition,
  type Invocation,
} from './definition.ts';
import { FlagValues } from './flag-values.ts';
import { GLOBAL_FLAGS, ownFlags } from './global-flags.ts';
import { withFormat } from './output-format.ts';
import { nameQuietDuration } from './quiet-duration.ts';
import { readWords } from './read-words.ts';
import { missingFlag, usageErrorOf } from './usage-errors.ts';

export type Parsed =
  | { readonly kind: 'run'; readonly definition: CommandDefinition; readonly invocation: Invocation }
  /** `path` names the command asked about; empty for the program itself. */
  | { readonly kind: 'help'; readonly path: readonly string[] }
  /** Not a word was given. */
  | { readonly kind: 'first-day' }
  /** Nothing to run: flags alone, or the bare word of a group. */
  | { readonly kind: 'incomplete'; readonly path: readonly string[] }
  | { readonly kind: 'version' };

type Settle = (outcome: Parsed) => void;

/** @throws UsageError */
export function parseCommandLine(tree: readonly CommandNode[], argv: readonly string[]): Parsed {
  const outcomes: Parsed[] = [];
  const settle: Settle = (outcome) => outcomes.push(outcome);
  const words = readWords(tree, nameQuietDuration(argv));
  const program = new Level([], settle).version('', '-V, --version').enablePositionalOptions();
  // Building the flags of all commands would double the start-up time.
  const node = tree.find(({ name }) => name === words[0]);
  if (node === undefined) program.addCommand(new Command('command'));
  else program.addCommand(buildNode(node, [], settle));
  try {
    program.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.version') settle({ kind: 'version' });
  }
  const [first] = outcomes;
  if (first === undefined) throw new TypeError('the command line led nowhere');
  return first;
}

/** One word of the tree. Commander does the parsing; help and errors are ours. */
class Level extends Command {
  readonly #path: readonly string[];
  readonly #settle: Settle;

  constructor(path: readonly string[], settle: Settle) {
    super(path.at(-1) ?? 'apikey');
    this.#path = path;
    this.#settle = settle;
    this.exitOverride()
      .helpCommand(false)
      .configureOutput({ writeOut: () => {} });
    for (const flag of GLOBAL_FLAGS) this.addOption(option(flag));
  }

  override outputHelp(context?: HelpContext | ((text: string) => string)): void {
    const missing = typeof context === 'object' && context.error;
    this.#settle({ kind: missing ? 'incomplete' : 'help', path: this.#path });
  }

  override error(message: string, { code }: ErrorOptions = {}): never {
    throw usageErrorOf(message, code, this.#path);
  }
}

function buildNode(node: CommandNode, parents: readonly string[], settle: Settle): Command {
  const path = [...parents, node.name];
  const command = new Level(path, settle);
  if (isGroup(node)) {
    for (const child of node.commands) command.addCommand(buildNode(child, path, settle));
    return command.enablePositionalOptions();
  }
  for (const { name, help, optional } of node.arguments ?? []) {
    command.addArgument(new Argument(optional === true ? `[${name}]` : `<${name}>`, help));
  }
  for (const flag of ownFlags(node)) command.addOption(option(flag));
  return command.action(() => {
    const args: readonly unknown[] = command.processedArgs;
    // Defaults are not commander's business.
    const entries = Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) === 'cli');
    const given = withFormat(node, Object.fromEntries(entries));
    requireFlags(node, given, path);
    const invocation: Invocation = {
      flags: new FlagValues(given),
      args: args.map((arg) => (typeof arg === 'string' ? arg : undefined)),
    };
    settle({ kind: 'run', definition: node, invocation });
  });
}

function option({ flags, help, repeatable, excludes }: FlagDefinition): Option {
  const made = new Option(flags, help).conflicts([...(excludes ?? [])]);
  return repeatable === true
    ? made.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    : made;
}

/** Commander would complain about a missing flag before it does about a mistyped one. */
function requireFlags(
  { flags = [] }: CommandDefinition,
  given: Readonly<Record<string, unknown>>,
  path: readonly string[],
): void {
  const missing = flags.find((flag) => flag.required === true && !(new Option(flag.flags).attributeName() in given));
  if (missing !== undefined) throw missingFlag(missing.flags, path);
}
