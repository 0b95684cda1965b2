/** Reads argv with commander: to a command with its flags and arguments, a request for help, or a usage error. */
import { Argument, Command, CommanderError, Option, type ErrorOptions, type HelpContext } from 'commander';
import {
  isGroup,
  type CommandDefinition,
  type CommandNode,
  type FlagDefinition,
  type Invocation,
} from './definition.ts';
import { guardDashedKids } from './dashed-kids.ts';
import { FlagValues } from './flag-values.ts';
import { GLOBAL_FLAGS } from './global-flags.ts';
import { nameQuietDuration } from './quiet-duration.ts';
import { missingFlag, unknownWord, usageErrorOf } from './usage-errors.ts';

export type Parsed =
  | { readonly kind: 'run'; readonly definition: CommandDefinition; readonly invocation: Invocation }
  /** `path` names the command asked about; empty for the program itself. */
  | { readonly kind: 'help'; readonly path: readonly string[] }
  /** Nothing to run: nothing at all, or the bare word of a group. */
  | { readonly kind: 'incomplete'; readonly path: readonly string[] }
  | { readonly kind: 'version' };

type Settle = (outcome: Parsed) => void;

/** @throws UsageError */
export function parseCommandLine(tree: readonly CommandNode[], argv: readonly string[]): Parsed {
  const outcomes: Parsed[] = [];
  const settle: Settle = (outcome) => outcomes.push(outcome);
  const program = new Level([], settle).version('', '-V, --version').enablePositionalOptions();
  // Of the other commands the names are enough, for suggestions: building all their flags would double the start-up time.
  for (const node of tree) {
    program.addCommand(argv.includes(node.name) ? buildNode(node, [], settle) : new Command(node.name));
  }
  try {
    program.parse(guardDashedKids(nameQuietDuration(argv)), { from: 'user' });
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
  /** Where its own word may be left out: the words that may stand in its place. */
  readonly #siblings: readonly string[] | undefined;

  constructor(path: readonly string[], settle: Settle, siblings?: readonly string[]) {
    super(path.at(-1) ?? 'apikey');
    this.#path = path;
    this.#settle = settle;
    this.#siblings = siblings;
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
    const word = this.parent?.args[0];
    if (code === 'commander.excessArguments' && this.#siblings !== undefined && word !== this.name()) {
      throw unknownWord(word ?? '', this.#siblings, this.#path.slice(0, -1));
    }
    throw usageErrorOf(message, code, this.#path);
  }
}

function buildNode(
  node: CommandNode,
  parents: readonly string[],
  settle: Settle,
  siblings?: readonly string[],
): Command {
  const path = [...parents, node.name];
  const command = new Level(path, settle, siblings);
  if (isGroup(node)) {
    for (const child of node.commands) {
      const isDefault = child.name === node.defaultCommand;
      const words = isDefault ? node.commands.map(({ name }) => name) : undefined;
      command.addCommand(buildNode(child, path, settle, words), { isDefault });
    }
    return command.enablePositionalOptions();
  }
  for (const { name, help, optional } of node.arguments ?? []) {
    command.addArgument(new Argument(optional === true ? `[${name}]` : `<${name}>`, help));
  }
  for (const flag of node.flags ?? []) command.addOption(option(flag));
  return command.action(() => {
    const args: readonly unknown[] = command.processedArgs;
    const given = givenFlags(command);
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

/** What stood on the command line, in any of its parts; the innermost word wins. Defaults are not commander's business. */
function givenFlags(command: Command): Record<string, unknown> {
  const outer = command.parent === null ? {} : givenFlags(command.parent);
  const own = Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) === 'cli');
  return { ...outer, ...Object.fromEntries(own) };
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
