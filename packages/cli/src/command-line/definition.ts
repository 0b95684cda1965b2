/** What a command is: its words, flags, help and, behind a lazy import, what it does. */
import type { Context } from '../context.ts';
import type { FlagValues } from './flag-values.ts';

/** What a value is, for completion: one of these words, or something that has to be looked for. */
export type ValueKind =
  | readonly string[]
  | 'topic'
  | 'file'
  | 'directory'
  | 'environment'
  | 'alg'
  | 'client'
  | 'jti'
  | 'kid';

export interface FlagDefinition {
  /** As commander writes it: `-o, --output <file>`. */
  readonly flags: string;
  readonly help: string;
  readonly value?: ValueKind;
  /** Heading in the help; flags without one stand under `Flags`. */
  readonly group?: string;
  /** Collects its values. Any other flag with a value may be given once. */
  readonly repeatable?: true;
  /** May be given again: the last value holds. */
  readonly lastWins?: true;
  readonly required?: true;
  /** Long names, without dashes, of flags that cannot be given together with this one. */
  readonly excludes?: readonly string[];
}

export interface ArgumentDefinition {
  /** `jti`; in the usage line `<jti>`, or `[jti]` where optional. */
  readonly name: string;
  readonly help: string;
  readonly value?: ValueKind;
  readonly optional?: true;
}

interface Example {
  readonly does: string;
  readonly line: string;
}

/** What the command line said, taken apart but not yet understood. */
export interface Invocation {
  readonly flags: FlagValues;
  /** In the order of the definition. */
  readonly args: readonly (string | undefined)[];
}

interface CommandModule {
  /** Resolves to the exit code; whatever it throws is reported by `main`. */
  readonly run: (invocation: Invocation, context: Context) => Promise<number>;
}

export interface CommandDefinition {
  readonly name: string;
  /** Heading in the list of commands. */
  readonly group?: string;
  /** One sentence without a full stop. */
  readonly summary: string;
  /** What the sentence cannot say. */
  readonly more?: string;
  readonly arguments?: readonly ArgumentDefinition[];
  readonly flags?: readonly FlagDefinition[];
  readonly examples: readonly Example[];
  /** Runs until it is told to end: Ctrl-C asks it to, in place of ending the wait for it. */
  readonly endsItself?: true;
  readonly load: () => Promise<CommandModule>;
}

/** Commands under one word, like `config show`. */
export interface CommandGroup {
  readonly name: string;
  readonly group?: string;
  readonly summary: string;
  readonly commands: readonly CommandDefinition[];
  /** The command that the bare word of the group, or the word with flags alone, stands for. */
  readonly defaultCommand?: string;
}

export type CommandNode = CommandDefinition | CommandGroup;

export function isGroup(node: CommandNode): node is CommandGroup {
  return 'commands' in node;
}
