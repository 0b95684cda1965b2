/** Completion in shells, from the same definitions that the parser and the help are made of. */
import { RootCommand, type Command } from '@bomb.sh/tab';
import { isGroup, type CommandDefinition, type CommandNode, type FlagDefinition } from './definition.ts';
import { GLOBAL_FLAGS } from './global-flags.ts';

/** `-o, --output <file>`. */
const FLAG = /^(?:-(?<short>\w), )?--(?<long>[\w-]+)(?<value> .+)?$/;

/** Prints suggestions for the last of `words`, in the form that the scripts of `apikey completion` read. */
export function complete(tree: readonly CommandNode[], words: readonly string[]): void {
  completionTree(tree).parse([...words]);
}

export function completionTree(tree: readonly CommandNode[]): RootCommand {
  const root = new RootCommand();
  addFlags(root, GLOBAL_FLAGS);
  for (const node of tree) {
    const word = root.command(node.name, node.summary);
    if (!isGroup(node)) addFlagsOf(word, node);
    else
      for (const child of node.commands) addFlagsOf(root.command(`${node.name} ${child.name}`, child.summary), child);
  }
  return root;
}

function addFlagsOf(word: Command, { flags = [] }: CommandDefinition): void {
  addFlags(word, [...flags, ...GLOBAL_FLAGS]);
}

function addFlags(word: Command, flags: readonly FlagDefinition[]): void {
  for (const { flags: names, help } of flags) {
    const { short, long, value } = FLAG.exec(names)?.groups ?? {};
    if (long === undefined) continue;
    // A flag with a value gets a handler without suggestions: what follows it is not ours to guess.
    if (value === undefined) word.option(long, help, short);
    else word.option(long, help, () => {}, short);
  }
}
