/** What is wrong with a command line: what was probably meant, and where to read on. */
import type { ErrorCode } from '@apikey/shared';
import { suggest } from '../config/suggest.ts';
import { UsageError } from '../usage-error.ts';
import type { CommandNode, FlagDefinition } from './definition.ts';
import { flagNames, flagValueKind, type FlagNames } from './flag-names.ts';
import { meantBy } from './other-words.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly words: (match: readonly string[], command: string) => string;
}

/** By commander's error code. Values that were typed are not repeated: one of them may be a token. */
const RULES: Readonly<Record<string, Rule>> = {
  'commander.missingArgument': {
    pattern: /required argument '([^']*)'/,
    words: ([name], command) => `${command} needs a <${name}>`,
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

export function usageErrorOf(message: string, code: string | undefined, path: readonly string[]): UsageError {
  const command = commandOf(path);
  const rule = RULES[code ?? ''];
  const match = rule?.pattern.exec(message);
  const words =
    rule === undefined || match === undefined || match === null
      ? message.replace(/^error: /, '')
      : rule.words(match.slice(1), command);
  return new UsageError(words, { fix: seeHelp(path) });
}

export function missingFlag(flags: string, path: readonly string[]): UsageError {
  return new UsageError(`${commandOf(path)} needs the flag ${flags}`, { fix: seeHelp(path) });
}

export function unknownCommand(word: string, known: readonly CommandNode[], path: readonly string[]): UsageError {
  const names = known.map(({ name }) => name);
  const { why, fix = didYouMean(suggest(word, names), path) } = meantBy(word, path) ?? {};
  return new UsageError(`there is no command "${word}"${path.length === 0 ? '' : ` under ${commandOf(path)}`}`, {
    why,
    fix,
  });
}

const CLIENT_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Most often a client without its flag. */
export function argumentNotTaken(word: string, path: readonly string[]): UsageError {
  return new UsageError(`${commandOf(path)} takes no argument`, {
    fix: CLIENT_ID.test(word) ? `did you mean --client ${word}? See: ${commandOf(path)} --help` : seeHelp(path),
  });
}

const OUTPUT_FORMS = /^(?:json|jsonl|ndjson|json-lines|yaml|yml|text|table|wide|csv|tsv)$/i;

/** What other programs take for `--output` is a form; here it is a file. */
export function isOutputForm({ long }: Pick<FlagNames, 'long'>, value: string): boolean {
  return long === '--output' && OUTPUT_FORMS.test(value);
}

export function formAsFile(value: string): UsageError {
  return new UsageError(`--output names a file, and ${value} is a form`, {
    why: `the output would go to a file of the name ${value}`,
    fix: `${formFlag(value)}; for a file of this name write --output ./${value}`,
  });
}

function formFlag(value: string): string {
  if (/^json$/i.test(value)) return 'add --json in its place';
  return /^(?:jsonl|ndjson|json-lines)$/i.test(value)
    ? 'add --format jsonl in its place'
    : 'add --json or --format text, json or jsonl in its place';
}

export function unknownFlag(name: string, known: readonly FlagDefinition[], path: readonly string[]): UsageError {
  const names = known.map((flag) => flagNames(flag).long);
  if ((name === '--output' || name === '-o') && names.includes('--json')) {
    return new UsageError(`${commandOf(path)} has no flag ${name}`, {
      fix: `for another form of output, use --json or --format text, json or jsonl; see: ${commandOf(path)} --help`,
    });
  }
  return new UsageError(`${commandOf(path)} has no flag ${name}`, { fix: didYouMean(suggest(name, names), path) });
}

export function missingValue(flag: FlagDefinition, path: readonly string[]): UsageError {
  return new UsageError(`the flag ${flag.flags} needs a value`, { fix: seeHelp(path) });
}

/** Most often an empty variable without quotes, of which nothing is left on the command line. */
export function flagAsValue(flag: FlagDefinition, word: string, path: readonly string[]): UsageError {
  const { long } = flagNames(flag);
  return new UsageError(`the flag ${flag.flags} has no value before ${word}`, {
    why: `${word} looks like a flag; was a variable empty?`,
    fix: `give a value, or write ${long}=${word} if that is the value; see: ${commandOf(path)} --help`,
  });
}

export function emptyValue(flag: FlagDefinition, path: readonly string[]): UsageError {
  const { long } = flagNames(flag);
  const kind = flagValueKind(flag);
  const what = kind === 'file' || kind === 'directory' ? 'name' : 'value';
  return new UsageError(`${long} needs a ${what}, and got an empty one`, {
    why: `expected a ${what}; was a variable empty?`,
    fix: `give a ${what}, or leave ${long} out; see: ${commandOf(path)} --help`,
    code: EMPTY_CODES[long],
  });
}

export function emptyArgument(name: string | undefined, path: readonly string[]): UsageError {
  return new UsageError(`an argument of ${commandOf(path)} is empty`, {
    why: 'an empty argument names nothing; was a variable empty?',
    fix: `give a value, or leave it out; see: ${commandOf(path)} --help`,
    code: name === undefined ? undefined : EMPTY_CODES[name],
  });
}

/** What the parser of the value says of all else that it cannot take. */
const EMPTY_CODES: Readonly<Record<string, ErrorCode>> = {
  '--client': 'INVALID_CLIENT',
  '--ttl': 'INVALID_DURATION',
  '--max-ttl': 'INVALID_DURATION',
  '--grace': 'INVALID_DURATION',
  '--within': 'INVALID_DURATION',
  '--expiring-within': 'INVALID_DURATION',
  '--quiet-for': 'INVALID_DURATION',
  '--drain-timeout': 'INVALID_DURATION',
  '--upstream-timeout': 'INVALID_DURATION',
  '--expires': 'INVALID_TIME',
  '--not-before': 'INVALID_TIME',
  '--since': 'INVALID_TIME',
  '--until': 'INVALID_TIME',
  '--scope': 'INVALID_SCOPE',
  '--cidr': 'INVALID_CIDR',
  '--audience': 'INVALID_AUDIENCE',
  '--alg': 'INVALID_ALG',
  '--request-id': 'INVALID_REQUEST_ID',
  '--note': 'INVALID_TEXT',
  '--reason': 'INVALID_TEXT',
  '--contact': 'INVALID_TEXT',
  '--owner': 'INVALID_TEXT',
  '--purpose': 'INVALID_TEXT',
  '--env': 'ENV_UNKNOWN',
  '--to': 'INVALID_INPUT',
  jti: 'INVALID_JTI',
  kid: 'INVALID_KID',
  client: 'INVALID_CLIENT',
  token: 'INVALID_INPUT',
};

export function givenTwice(flag: FlagDefinition, path: readonly string[]): UsageError {
  const { long } = flagNames(flag);
  return new UsageError(`${long} was given twice`, {
    why: 'it takes one value, and which of the two is meant is not clear',
    fix: `give it once; see: ${commandOf(path)} --help`,
  });
}

export function valueNotTaken(flag: FlagDefinition, path: readonly string[]): UsageError {
  const { long } = flagNames(flag);
  return new UsageError(`${long} takes no value`, {
    fix: `write ${long} alone, or leave it out; see: ${commandOf(path)} --help`,
  });
}

export function shortWithEquals(flag: FlagDefinition, path: readonly string[]): UsageError {
  const { short, long, placeholder } = flagNames(flag);
  return new UsageError(`-${short} takes its value without an equals sign`, {
    fix: `write -${short} ${placeholder} or ${long}=${placeholder}; see: ${commandOf(path)} --help`,
  });
}

export function versionOfCommand(path: readonly string[]): UsageError {
  return new UsageError('apikey --version takes no command', {
    fix: `run apikey --version alone, or ${commandOf(path)} without it`,
  });
}

function didYouMean(meant: string | undefined, path: readonly string[]): string {
  return meant === undefined ? seeHelp(path) : `did you mean ${meant}? See: ${commandOf(path)} --help`;
}

function seeHelp(path: readonly string[]): string {
  return `see: ${commandOf(path)} --help`;
}

function commandOf(path: readonly string[]): string {
  return ['apikey', ...path].join(' ');
}

function longName(flags: string | undefined): string {
  return /--[a-z-]+/.exec(flags ?? '')?.[0] ?? '';
}
