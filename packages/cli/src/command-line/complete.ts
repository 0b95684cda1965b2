/** Completion in shells, from the same definitions that the parser and the help are made of. */
import {
  isGroup,
  type CommandDefinition,
  type CommandNode,
  type FlagDefinition,
  type ValueKind,
} from './definition.ts';
import { argumentKind, flagNames, flagValueKind } from './flag-names.ts';
import { allFlags, GLOBAL_FLAGS } from './global-flags.ts';

export interface Candidate {
  readonly value: string;
  readonly help?: string;
}

/** What the shell offers: these, and files or directories of its own. */
export interface Offer {
  readonly candidates: readonly Candidate[];
  readonly paths?: 'files' | 'directories';
}

/** What has to be looked for: in the configuration, or in the registry that it names. */
export interface Wanted {
  readonly kind: 'environment' | 'alg' | 'client' | 'jti' | 'kid';
  /** What the value begins with. */
  readonly prefix: string;
  /** By long name, `--env`: what was given so far. */
  readonly given: ReadonlyMap<string, string>;
}

export type LookUp = (wanted: Wanted) => Promise<readonly Candidate[]>;

/** @param words behind the name of the program; the last one is being typed, and may be empty */
export async function complete(tree: readonly CommandNode[], words: readonly string[], lookUp: LookUp): Promise<Offer> {
  const typed = words.at(-1) ?? '';
  const line = readLine(tree, words.slice(0, -1));
  const offer = await offerFor(line, typed, tree, lookUp);
  return { ...offer, candidates: offer.candidates.filter(({ value }) => value.startsWith(typed)) };
}

/** A half-typed line, as far as it can be understood. */
interface Line {
  readonly path: readonly string[];
  /** What may follow the path. */
  readonly children: readonly CommandNode[];
  readonly command: CommandDefinition | undefined;
  readonly args: readonly string[];
  readonly given: ReadonlyMap<string, string>;
  /** The flag whose value comes next. */
  readonly awaiting: FlagDefinition | undefined;
  readonly flagsEnded: boolean;
}

function readLine(tree: readonly CommandNode[], words: readonly string[]): Line {
  let [children, command]: [readonly CommandNode[], CommandDefinition | undefined] = [tree, undefined];
  let awaiting: FlagDefinition | undefined;
  let flagsEnded = false;
  const [path, args, given]: [string[], string[], Map<string, string>] = [[], [], new Map()];
  const enter = (node: CommandNode): void => {
    path.push(node.name);
    if (isGroup(node)) children = node.commands;
    else [children, command] = [[], node];
  };
  for (const word of words) {
    if (awaiting !== undefined) {
      given.set(flagNames(awaiting).long, word);
      awaiting = undefined;
    } else if (!flagsEnded && word === '--') {
      flagsEnded = true;
    } else if (!flagsEnded && word.startsWith('-') && word !== '-') {
      const [name = '', ...value] = word.split('=');
      const flag = findFlag({ children, command, path }, tree, name);
      if (flag === undefined) continue;
      const { long, placeholder } = flagNames(flag);
      given.set(long, value.join('='));
      if (placeholder !== undefined && value.length === 0) awaiting = flag;
    } else {
      const node = command === undefined ? children.find((child) => child.name === word) : undefined;
      if (node === undefined) args.push(word);
      else enter(node);
    }
  }
  return { path, children, command, args, given, awaiting, flagsEnded };
}

type Place = Pick<Line, 'children' | 'command' | 'path'>;

/** `-qo` is the flag of its last letter: the others take no value. */
function findFlag(place: Place, tree: readonly CommandNode[], name: string): FlagDefinition | undefined {
  return flagsAt(place, tree).find((flag) => {
    const { short, long } = flagNames(flag);
    return long === name || (!name.startsWith('--') && short === name.at(-1));
  });
}

/** Behind the word of a group, the flags of the command that it stands for. */
function flagsAt({ command, path }: Place, tree: readonly CommandNode[]): readonly FlagDefinition[] {
  if (command !== undefined) return allFlags(command);
  const group = tree.find(({ name }) => name === path[0]);
  const standIn =
    group !== undefined && isGroup(group)
      ? group.commands.find(({ name }) => name === group.defaultCommand)
      : undefined;
  return standIn === undefined ? GLOBAL_FLAGS : allFlags(standIn);
}

async function offerFor(line: Line, typed: string, tree: readonly CommandNode[], lookUp: LookUp): Promise<Offer> {
  const { awaiting, command, children, args, given, flagsEnded } = line;
  if (awaiting !== undefined) return valuesOf(flagValueKind(awaiting), typed, given, lookUp);
  if (!flagsEnded && typed.startsWith('-')) {
    const equals = typed.indexOf('=');
    if (equals === -1) return { candidates: flagCandidates(flagsAt(line, tree), given) };
    const flag = findFlag(line, tree, typed.slice(0, equals));
    if (flag === undefined) return { candidates: [] };
    const lead = typed.slice(0, equals + 1);
    const { candidates, ...rest } = await valuesOf(flagValueKind(flag), typed.slice(equals + 1), given, lookUp);
    return { ...rest, candidates: candidates.map((one) => ({ ...one, value: lead + one.value })) };
  }
  if (command === undefined) {
    // A word that is no command stands in the way.
    return { candidates: args.length > 0 ? [] : children.map(({ name, summary }) => ({ value: name, help: summary })) };
  }
  const argument = command.arguments?.[args.length];
  if (argument === undefined) return { candidates: [] };
  if (argument.value === 'topic') return { candidates: topics(tree, args) };
  return valuesOf(argumentKind(argument), typed, given, lookUp);
}

/** Those that may still be given. */
function flagCandidates(flags: readonly FlagDefinition[], given: ReadonlyMap<string, string>): readonly Candidate[] {
  return flags
    .filter((flag) => flag.repeatable === true || !given.has(flagNames(flag).long))
    .map((flag) => ({ value: flagNames(flag).long, help: flag.help }));
}

/** What `help` explains: first a topic or a command, then one under it. */
function topics(tree: readonly CommandNode[], [first]: readonly string[]): readonly Candidate[] {
  const group = tree.find(({ name }) => name === first);
  const nodes = first === undefined ? tree : group !== undefined && isGroup(group) ? group.commands : [];
  const known = nodes.map(({ name, summary }) => ({ value: name, help: summary }));
  return first === undefined ? [{ value: 'exit-codes' }, { value: 'environment' }, ...known] : known;
}

async function valuesOf(
  kind: ValueKind | undefined,
  prefix: string,
  given: ReadonlyMap<string, string>,
  lookUp: LookUp,
): Promise<Offer> {
  if (kind === undefined || kind === 'topic') return { candidates: [] };
  if (kind === 'file') return { candidates: [], paths: 'files' };
  if (kind === 'directory') return { candidates: [], paths: 'directories' };
  if (typeof kind === 'string') return { candidates: await lookUp({ kind, prefix, given }) };
  return { candidates: kind.map((value) => ({ value })) };
}

/** What the scripts of `apikey completion` read: a line for each candidate, then what else the shell may offer. */
export function offerText({ candidates, paths }: Offer): string {
  const lines = candidates.map(({ value, help }) => (help === undefined ? value : `${value}\t${help}`));
  return [...lines, ...(paths === undefined ? [] : [`:${paths}`])].map((line) => `${line}\n`).join('');
}
