/**
 * Reads the words of a command line by the definitions, before commander does, and writes them in the one form that can
 * be read in one way only: the command, its flags as `--name=value`, then `--` and the arguments.
 *
 * So no flag becomes the value of another because a variable was empty, no value is lost to a second one, and an
 * argument may begin with a hyphen where the command takes such arguments.
 */
import { UsageError } from '../usage-error.ts';
import { isGroup, type CommandDefinition, type CommandNode, type FlagDefinition } from './definition.ts';
import { argumentKind, flagNames } from './flag-names.ts';
import { allFlags, GLOBAL_FLAGS } from './global-flags.ts';
import {
  argumentNotTaken,
  emptyArgument,
  emptyValue,
  flagAsValue,
  formAsFile,
  givenTwice,
  isOutputForm,
  missingValue,
  shortWithEquals,
  unknownCommand,
  unknownFlag,
  valueNotTaken,
  versionOfCommand,
} from './usage-errors.ts';

/** A whole kid. One in 64 starts with a hyphen. */
const KID = /^[A-Za-z0-9_-]{43}$/;
/** The beginning of such a kid, at least 6 characters of it: too long for a cluster of short flags. */
const DASHED_KID_PREFIX = /^-[A-Za-z0-9_][A-Za-z0-9_-]{4,41}$/;
/** A hyphen, or a dash that an editor made of one, before a letter, a hyphen or nothing but a second hyphen. */
const FLAG_LIKE = /^[-\u2010-\u2015\u2212][-\u2010-\u2015\u2212\p{L}]\S*$/u;

/** Whether a word may not be taken for the value of the flag before it. */
export function looksLikeFlag(word: string): boolean {
  return FLAG_LIKE.test(word) && !KID.test(word);
}

/** @throws UsageError */
export function readWords(tree: readonly CommandNode[], argv: readonly string[]): readonly string[] {
  return new WordReader(tree, argv).read();
}

class WordReader {
  readonly #words: readonly string[];
  #at = 0;
  #children: readonly CommandNode[];
  #command: CommandDefinition | undefined;
  /** The command that a group stands for when flags follow its name. */
  #defaultChild: CommandDefinition | undefined;
  readonly #path: string[] = [];
  readonly #flags: string[] = [];
  readonly #args: string[] = [];
  readonly #given = new Set<string>();
  #trouble: UsageError | undefined;
  #helpAsked = false;
  #versionAsked = false;

  constructor(tree: readonly CommandNode[], words: readonly string[]) {
    this.#children = tree;
    this.#words = words;
  }

  read(): readonly string[] {
    let flagsEnded = false;
    for (let word = this.#next(); word !== undefined; word = this.#next()) {
      if (flagsEnded || !this.#isFlag(word)) this.#readPlain(word);
      else if (word === '--') flagsEnded = true;
      else this.#readFlag(word);
    }
    if (this.#helpAsked) return [...this.#path, '--help'];
    if (this.#versionAsked && this.#path.length > 0) this.#refuse(versionOfCommand(this.#path));
    if (this.#trouble !== undefined) throw this.#trouble;
    if (this.#versionAsked) return ['--version'];
    if (this.#command === undefined && this.#defaultChild !== undefined) this.#enter(this.#defaultChild);
    return [...this.#path, ...this.#flags, ...(this.#args.length === 0 ? [] : ['--', ...this.#args])];
  }

  #next(): string | undefined {
    const word = this.#words[this.#at];
    this.#at += 1;
    return word;
  }

  #isFlag(word: string): boolean {
    if (!word.startsWith('-') || word === '-') return false;
    const takesKid = this.#command?.arguments?.some((argument) => argumentKind(argument) === 'kid') === true;
    return !(takesKid && (KID.test(word) || DASHED_KID_PREFIX.test(word)));
  }

  /** The name of a command, or an argument of the one that was named. */
  #readPlain(word: string): void {
    if (this.#command === undefined) {
      const node = this.#children.find(({ name }) => name === word);
      if (node !== undefined) return this.#enter(node);
      // What follows would be read by the wrong definitions.
      this.#at = this.#words.length;
      return this.#refuse(unknownCommand(word, this.#children, this.#path));
    }
    const argument = this.#command.arguments?.[this.#args.length];
    if (word.trim() === '') this.#refuse(emptyArgument(argument?.name, this.#path));
    if (argument === undefined && this.#wantsClientFlag(this.#command, word)) {
      this.#refuse(argumentNotTaken(word, this.#path));
    }
    this.#args.push(word);
  }

  #wantsClientFlag({ arguments: args = [], flags = [] }: CommandDefinition, word: string): boolean {
    // The name of a command there is more likely a second command.
    if (args.length > 0 || this.#given.has('--client') || this.#children.some(({ name }) => name === word))
      return false;
    return flags.some((flag) => flagNames(flag).long === '--client');
  }

  #enter(node: CommandNode): void {
    this.#path.push(node.name);
    if (isGroup(node)) {
      this.#children = node.commands;
      this.#defaultChild = node.commands.find(({ name }) => name === node.defaultCommand);
    } else {
      this.#command = node;
    }
  }

  #readFlag(word: string): void {
    if (word === '--help' || word === '-h') {
      this.#helpAsked = true;
    } else if (this.#path.length === 0 && (word === '--version' || word === '-V')) {
      this.#versionAsked = true;
    } else if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = equals === -1 ? word : word.slice(0, equals);
      const flag = this.#find((names) => names.long === name);
      if (flag === undefined) this.#refuseFlag(name);
      else this.#take(flag, equals === -1 ? undefined : word.slice(equals + 1));
    } else {
      this.#readCluster(word);
    }
  }

  /** `-q`, `-qy`, `-oFILE`, `-qo FILE`. */
  #readCluster(word: string): void {
    for (let at = 1; at < word.length; at += 1) {
      const rest = word.slice(at + 1);
      const flag = this.#find(({ short }) => short === word[at]);
      if (flag === undefined) return this.#refuseFlag(`-${word[at]}`);
      if (flagNames(flag).placeholder !== undefined) {
        if (rest.startsWith('=')) this.#refuse(shortWithEquals(flag, this.#path));
        if (looksLikeFlag(rest)) this.#refuse(flagAsValue(flag, rest, this.#path));
        return this.#take(flag, rest === '' ? undefined : rest);
      }
      this.#take(flag, undefined);
    }
  }

  #find(matches: (names: ReturnType<typeof flagNames>) => boolean): FlagDefinition | undefined {
    const known = this.#command === undefined ? GLOBAL_FLAGS : allFlags(this.#command);
    const found = known.find((flag) => matches(flagNames(flag)));
    if (found !== undefined || this.#command !== undefined || this.#defaultChild === undefined) return found;
    this.#enter(this.#defaultChild);
    return this.#find(matches);
  }

  /** @param attached what the word itself gives as value */
  #take(flag: FlagDefinition, attached: string | undefined): void {
    const { long, placeholder } = flagNames(flag);
    if (placeholder === undefined) {
      if (attached !== undefined) this.#refuse(valueNotTaken(flag, this.#path));
      return void this.#flags.push(long);
    }
    const value = attached ?? this.#following(flag);
    if (value === undefined) return this.#refuse(missingValue(flag, this.#path));
    if (value.trim() === '') this.#refuse(emptyValue(flag, this.#path));
    if (isOutputForm({ long }, value)) this.#refuse(formAsFile(value));
    if (this.#given.has(long) && flag.repeatable !== true && flag.lastWins !== true) {
      this.#refuse(givenTwice(flag, this.#path));
    }
    this.#given.add(long);
    this.#flags.push(`${long}=${value}`);
  }

  /** The next word, which must not be a flag: it stays to be read as one. */
  #following(flag: FlagDefinition): string | undefined {
    const word = this.#words[this.#at];
    if (word === undefined) return undefined;
    if (looksLikeFlag(word)) {
      this.#refuse(flagAsValue(flag, word, this.#path));
      return undefined;
    }
    this.#at += 1;
    return word;
  }

  #refuseFlag(name: string): void {
    this.#refuse(unknownFlag(name, this.#command === undefined ? GLOBAL_FLAGS : allFlags(this.#command), this.#path));
  }

  /** The first trouble is reported, unless help is asked for further on. */
  #refuse(trouble: UsageError): void {
    this.#trouble ??= trouble;
  }
}
