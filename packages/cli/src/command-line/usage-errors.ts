/** Commander's complaints in our words: what is wrong, what was probably meant, and where to read on. */
import { suggest } from '../config/suggest.ts';
import { UsageError } from '../usage-error.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly words: (match: readonly string[], command: string) => string;
}

/** By commander's error code. Values that were typed are not repeated: one of them may be a token. */
const RULES: Readonly<Record<string, Rule>> = {
  'commander.unknownCommand': {
    pattern: /unknown command '([^']*)'/,
    words: ([name], command) => `there is no command "${name}"${command === 'apikey' ? '' : ` under ${command}`}`,
  },
  'commander.unknownOption': {
    pattern: /unknown option '([^'=]*)/,
    words: ([flag], command) => `${command} has no flag ${flag}`,
  },
  'commander.missingArgument': {
    pattern: /required argument '([^']*)'/,
    words: ([name], command) => `${command} needs a <${name}>`,
  },
  'commander.optionMissingArgument': {
    pattern: /option '([^']*)'/,
    words: ([flags]) => `the flag ${flags} needs a value`,
  },
  'commander.conflictingOption': {
    pattern: /option '([^']*)' cannot be used with option '([^']*)'/,
    words: ([one, other]) => `${longName(one)} and ${longName(other)} exclude each other`,
  },
  'commander.excessArguments': {
    pattern: /too many arguments/,
    words: (_, command) => `${command} got more arguments than it takes`,
  },
};

const SUGGESTION = /\(Did you mean (?:one of )?(.+)\?\)/;

export function usageErrorOf(message: string, code: string | undefined, path: readonly string[]): UsageError {
  const command = ['apikey', ...path].join(' ');
  const rule = RULES[code ?? ''];
  const match = rule?.pattern.exec(message);
  const words =
    rule === undefined || match === undefined || match === null
      ? message.replace(/^error: /, '')
      : rule.words(match.slice(1), command);
  const meant = SUGGESTION.exec(message)?.[1]?.replace(/, ([^,]+)$/, ' or $1');
  return new UsageError(words, {
    fix: meant === undefined ? `see: ${command} --help` : `did you mean ${meant}? See: ${command} --help`,
  });
}

export function missingFlag(flags: string, path: readonly string[]): UsageError {
  const command = ['apikey', ...path].join(' ');
  return new UsageError(`${command} needs the flag ${flags}`, { fix: `see: ${command} --help` });
}

/** A word that stands where a command of a group could stand, behind a group that is a command by itself. */
export function unknownWord(word: string, known: readonly string[], path: readonly string[]): UsageError {
  const meant = suggest(word, known);
  const suggestion = meant === undefined ? '' : `\n(Did you mean ${meant}?)`;
  return usageErrorOf(`error: unknown command '${word}'${suggestion}`, 'commander.unknownCommand', path);
}

function longName(flags: string | undefined): string {
  return /--[a-z-]+/.exec(flags ?? '')?.[0] ?? '';
}
