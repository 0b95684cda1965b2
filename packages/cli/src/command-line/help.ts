/** Renders help from the definitions, so that it can say nothing else than what the parser takes. */
import {
  isGroup,
  type CommandDefinition,
  type CommandGroup,
  type CommandNode,
  type FlagDefinition,
} from './definition.ts';
import { allFlags, GLOBAL_FLAGS } from './global-flags.ts';

const PROGRAM_SUMMARY = 'Issue, list, verify and revoke long-lived API tokens';
const MAX_WIDTH = 110;
/** So that the lists of commands and flags line up. */
const NAME_WIDTH = 15;

export interface HelpOptions {
  readonly columns: number;
  readonly bold: (text: string) => string;
}

type Row = readonly [name: string, text: string];

/** Help for the program (empty path), a group or a command. */
export function helpText(tree: readonly CommandNode[], path: readonly string[], options: HelpOptions): string {
  const node = findNode(tree, path);
  if (node === undefined) return programHelp(tree, options);
  return isGroup(node) ? groupHelp(node, options) : commandHelp(node, path, options);
}

export function findNode(tree: readonly CommandNode[], path: readonly string[]): CommandNode | undefined {
  const [name, ...rest] = path;
  const node = tree.find((candidate) => candidate.name === name);
  if (node === undefined || rest.length === 0) return node;
  return isGroup(node) ? findNode(node.commands, rest) : undefined;
}

function programHelp(tree: readonly CommandNode[], options: HelpOptions): string {
  return page([
    [`${PROGRAM_SUMMARY}.`],
    usage('apikey <command> [flags]', options),
    ...grouped(tree, 'Commands').map(([heading, nodes]) =>
      block(heading, nodes.flatMap(commandRows), options, NAME_WIDTH),
    ),
    block('Global flags', [...flagRows(GLOBAL_FLAGS), ['-V, --version', 'show the version']], options, NAME_WIDTH),
    [
      'Start with:  apikey issue --client partner --ttl 90d',
      'More:        apikey <command> --help, apikey help exit-codes|environment|config',
    ],
  ]);
}

const FIRST_DAY: readonly Row[] = [
  ['apikey issue --client NAME', 'a token for a machine or team, printed once'],
  ['apikey list', 'the tokens there are'],
  ['apikey verify < FILE', 'whether a token would be accepted now, and why not'],
  ['apikey revoke JTI', 'end a token'],
  ['apikey status', 'the environment you work in, and what needs attention'],
  ['apikey config init', 'write a configuration file, for AWS or a place of your own'],
];

/** What the bare word of the program says. */
export function firstDayText(options: HelpOptions): string {
  return page([
    [`${PROGRAM_SUMMARY}.`],
    block('First steps', FIRST_DAY, options),
    ['All commands:  apikey --help', 'One of them:   apikey <command> --help'],
  ]);
}

function commandRows(node: CommandNode): Row[] {
  if (!isGroup(node)) return [[node.name, node.summary]];
  return node.commands.map(({ name, summary }) => [`${node.name} ${name}`, summary]);
}

function groupHelp(group: CommandGroup, options: HelpOptions): string {
  return page([
    [`${group.summary}.`],
    usage(`apikey ${group.name} <command> [flags]`, options),
    block(
      'Commands',
      group.commands.map(({ name, summary }) => [name, summary]),
      options,
    ),
  ]);
}

function commandHelp(command: CommandDefinition, path: readonly string[], options: HelpOptions): string {
  const args = command.arguments ?? [];
  const words = args.map(({ name, optional }) => (optional === true ? `[${name}]` : `<${name}>`));
  const flags = allFlags(command);
  return page([
    [`${command.summary}.`],
    ...(command.more === undefined ? [] : [wrap(command.more, Math.min(options.columns, MAX_WIDTH))]),
    usage(['apikey', ...path, ...words, '[flags]'].join(' '), options),
    block(
      'Arguments',
      args.map(({ name, help }) => [name, help]),
      options,
    ),
    ...grouped(flags, 'Flags').map(([heading, group]) => block(heading, flagRows(group), options)),
    [
      options.bold('Examples'),
      ...command.examples.flatMap(({ does, line }, index) => [
        ...(index === 0 ? [] : ['']),
        `  # ${does}`,
        `  ${line}`,
      ]),
    ],
  ]);
}

function usage(line: string, { bold }: HelpOptions): string[] {
  return [bold('Usage'), `  ${line}`];
}

function flagRows(flags: readonly FlagDefinition[]): Row[] {
  return flags.map(({ flags: names, help, repeatable, required }) => [
    names.startsWith('--') ? `    ${names}` : names,
    help + (repeatable === true ? ' (repeatable)' : '') + (required === true ? ' (required)' : ''),
  ]);
}

/** In the order in which the headings first appear. */
function grouped<Item extends { readonly group?: string }>(
  items: readonly Item[],
  fallback: string,
): [heading: string, items: Item[]][] {
  return [...Map.groupBy(items, ({ group }) => group ?? fallback)];
}

function block(heading: string, rows: readonly Row[], { columns, bold }: HelpOptions, minWidth = 0): string[] {
  if (rows.length === 0) return [];
  const nameWidth = Math.max(minWidth, ...rows.map(([name]) => name.length));
  const textWidth = Math.max(30, Math.min(columns, MAX_WIDTH) - nameWidth - 4);
  const lines = rows.flatMap(([name, text]) =>
    wrap(text, textWidth).map((line, index) => `  ${(index === 0 ? name : '').padEnd(nameWidth)}  ${line}`),
  );
  return [bold(heading), ...lines];
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function page(blocks: readonly (readonly string[])[]): string {
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}
