/** What is typed is what happens: every command with every flag, from the definitions. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../commands/index.ts';
import { UsageError } from '../usage-error.ts';
import { isGroup, type CommandDefinition, type FlagDefinition } from './definition.ts';
import { flagNames, type FlagNames } from './flag-names.ts';
import { allFlags } from './global-flags.ts';
import { parseCommandLine, type Parsed } from './parse.ts';
import { looksLikeFlag, readWords } from './read-words.ts';

interface Leaf {
  readonly path: readonly string[];
  readonly command: CommandDefinition;
}

const LEAVES: readonly Leaf[] = COMMANDS.flatMap((node) =>
  isGroup(node)
    ? node.commands.map((command) => ({ path: [node.name, command.name], command }))
    : [{ path: [node.name], command: node }],
);

const PAIRS = LEAVES.flatMap(({ path, command }) =>
  allFlags(command).map((flag) => ({ title: `${path.join(' ')} ${flagNames(flag).long}`, path, command, flag })),
);
const VALUED = PAIRS.filter(({ flag }) => flagNames(flag).placeholder !== undefined);
const BOOLEANS = PAIRS.filter(({ flag }) => flagNames(flag).placeholder === undefined);

const KID = `-${'k'.repeat(42)}`;

/** A word for each argument that must be there. */
function argsOf({ arguments: args = [] }: CommandDefinition): string[] {
  return args.filter(({ optional }) => optional !== true).map(({ name }) => `a-${name}`);
}

/** The flags that must be there beside this one. */
function neededBeside({ flags = [] }: CommandDefinition, flag: FlagDefinition): string[] {
  return flags.filter((one) => one.required === true && one !== flag).map((one) => `${flagNames(one).long}=x`);
}

function attribute({ long }: FlagNames): string {
  return long.replace(/^--(?:no-)?/, '').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function parse(argv: readonly string[]): Extract<Parsed, { kind: 'run' }> {
  const parsed = parseCommandLine(COMMANDS, argv);
  if (parsed.kind !== 'run') throw new TypeError(`not run: ${argv.join(' ')}`);
  return parsed;
}

function refusal(argv: readonly string[]): UsageError {
  try {
    parseCommandLine(COMMANDS, argv);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new TypeError(`not refused: ${argv.join(' ')}`);
}

/** The forms in which a flag can stand before the word that would be its value. */
function spellings({ long, short }: FlagNames): string[] {
  return short === undefined ? [long] : [long, `-${short}`];
}

it('there are commands and flags to walk', () => {
  expect(LEAVES.length).toBeGreaterThan(35);
  expect(VALUED.length).toBeGreaterThan(200);
  expect(BOOLEANS.length).toBeGreaterThan(150);
});

describe('a flag with a value', () => {
  it.each(VALUED)('$title takes no flag as its value', ({ path, command, flag }) => {
    const others = allFlags(command).map((one) => flagNames(one).long);
    for (const spelling of spellings(flagNames(flag))) {
      for (const next of [...others, '-q', '-x', '-oFILE', '--', '--no-such', '--a=b', '\u2014dry-run', '-Dx']) {
        const { message, fix } = refusal([...path, ...argsOf(command), spelling, next]);
        expect(message).toContain(`has no value before ${next}`);
        expect(fix).toContain(`write ${flagNames(flag).long}=${next} if that is the value`);
      }
    }
  });

  it.each(VALUED)('$title takes what only begins with a hyphen', ({ path, command, flag }) => {
    const names = flagNames(flag);
    for (const value of ['-', '-1', '-1d', '--dry run', '- a', KID, `--${'k'.repeat(41)}`, 'a=b', '--\nx']) {
      for (const spelling of spellings(names)) {
        const words = readWords(COMMANDS, [...path, spelling, value, '--', ...argsOf(command)]);
        expect(words).toContain(`${names.long}=${value}`);
      }
    }
  });

  it.each(VALUED)('$title takes anything behind an equals sign but nothing', ({ path, command, flag }) => {
    const { long } = flagNames(flag);
    for (const value of ['--dry-run', '-x', '=', 'a=b=c', '--']) {
      const words = readWords(COMMANDS, [...path, `${long}=${value}`, ...argsOf(command)]);
      expect(words).toContain(`${long}=${value}`);
    }
  });

  it.each(VALUED)('$title takes no empty value', ({ path, command, flag }) => {
    const { long, short } = flagNames(flag);
    for (const form of [[long, ''], [`${long}=`], [long, ' \t'], ...(short === undefined ? [] : [[`-${short}`, '']])]) {
      const { message } = refusal([...path, ...argsOf(command), ...form]);
      expect(message).toMatch(new RegExp(`^${long} needs a (?:value|name), and got an empty one$`));
    }
  });

  it.each(VALUED)('$title needs one', ({ path, command, flag }) => {
    for (const spelling of spellings(flagNames(flag))) {
      expect(refusal([...path, ...argsOf(command), spelling]).message).toBe(`the flag ${flag.flags} needs a value`);
    }
  });

  it.each(VALUED)('$title given twice is refused, or collected, or the last one holds', ({ path, command, flag }) => {
    const names = flagNames(flag);
    const argv = [...path, ...neededBeside(command, flag), names.long, 'one', ...argsOf(command), `${names.long}=two`];
    if (flag.repeatable === true) {
      expect(parse(argv).invocation.flags.texts(attribute(names))).toEqual(['one', 'two']);
    } else if (flag.lastWins === true) {
      expect(parse(argv).invocation.flags.text(attribute(names))).toBe('two');
    } else {
      expect(refusal(argv).message).toBe(`${names.long} was given twice`);
    }
  });
});

describe('a flag without a value', () => {
  it.each(BOOLEANS)('$title may be repeated', ({ path, command, flag }) => {
    const names = flagNames(flag);
    const argv = [...path, ...neededBeside(command, flag), names.long, ...argsOf(command), names.long];
    const { flags } = parse(argv).invocation;
    expect(names.long.startsWith('--no-') ? flags.off(attribute(names)) : flags.on(attribute(names))).toBe(true);
  });

  it.each(BOOLEANS)('$title takes none', ({ path, command, flag }) => {
    const { long } = flagNames(flag);
    for (const value of ['', 'true', 'false']) {
      expect(refusal([...path, ...argsOf(command), `${long}=${value}`]).message).toBe(`${long} takes no value`);
    }
  });
});

it('only --env, --config, --profile and --region may be given again', () => {
  const again = new Set(VALUED.filter(({ flag }) => flag.lastWins === true).map(({ flag }) => flagNames(flag).long));
  expect([...again].toSorted()).toEqual(['--config', '--env', '--profile', '--region']);
});

describe('an argument', () => {
  it.each(LEAVES)('$path that is one too many is refused', ({ path, command }) => {
    const all = (command.arguments ?? []).map(({ name }) => `a-${name}`);
    for (const argv of [
      [...path, ...all, 'more'],
      [...path, '--', ...all, 'more'],
      [...path, ...all, '--', '--dry-run'],
    ]) {
      expect(refusal(argv).fix).toContain('--help');
    }
  });

  it.each(LEAVES.filter(({ command }) => (command.arguments ?? []).length > 0))(
    '$path that is empty is refused',
    ({ path, command }) => {
      for (const at of (command.arguments ?? []).keys()) {
        const args = (command.arguments ?? []).map(({ name }, index) => (index === at ? '' : `a-${name}`));
        expect(refusal([...path, ...args]).message).toBe(`an argument of apikey ${path.join(' ')} is empty`);
        expect(refusal([...path, '--', ...args]).message).toBe(`an argument of apikey ${path.join(' ')} is empty`);
      }
    },
  );

  it('may be a kid that starts with a hyphen, or the beginning of one', () => {
    expect(readWords(COMMANDS, ['keys', 'retire', KID, '--dry-run'])).toEqual([
      'keys',
      'retire',
      '--dry-run',
      '--',
      KID,
    ]);
    const argv = ['--env', 'prod', 'keys', 'revoke', KID, '--confirm', KID];
    expect(readWords(COMMANDS, argv)).toEqual(['keys', 'revoke', '--env=prod', `--confirm=${KID}`, '--', KID]);
    expect(parse(['keys', 'activate', '--now', '-Xk3v9', '--dry-run']).invocation.args).toEqual(['-Xk3v9']);
    expect(parse(['keys', 'retire', '--', '-x']).invocation.args).toEqual(['-x']);
    expect(refusal(['list', KID]).message).toContain('has no flag');
  });

  it('no flag that is known could be taken for a kid', () => {
    for (const { flag } of PAIRS) expect(looksLikeFlag(flagNames(flag).long)).toBe(true);
  });
});

describe('short flags', () => {
  it.each([
    [['-qo', 'x.token'], { quiet: true, output: 'x.token' }],
    [['-qox.token'], { quiet: true, output: 'x.token' }],
    [['-ox.token', '-q'], { quiet: true, output: 'x.token' }],
    [['-qq', '-q'], { quiet: true, output: undefined }],
  ])('%j', (words, { quiet, output }) => {
    const { flags } = parse(['issue', '--client', 'a', ...words]).invocation;
    expect([flags.on('quiet'), flags.text('output')]).toEqual([quiet, output]);
  });

  it.each([
    [['-qo', '--dry-run'], 'has no value before --dry-run'],
    [['-o--dry-run'], 'has no value before --dry-run'],
    [['-qo-q'], 'has no value before -q'],
    [['-o=x'], '-o takes its value without an equals sign'],
    [['-qo'], 'needs a value'],
    [['-o', 'a', '--output', 'b'], '--output was given twice'],
    [['-oa', '-ob'], '--output was given twice'],
    [['-qz'], 'has no flag -z'],
    [['-q=1'], 'has no flag -='],
  ])('%j: %s', (words, message) => {
    expect(refusal(['issue', '--client', 'a', ...words]).message).toContain(message);
  });
});

describe('the words of a command line', () => {
  it.each([
    [
      ['--env', 'a', 'list', '--env=b'],
      ['list', '--env=a', '--env=b'],
    ],
    [
      ['--no-color', 'keys', '--env', 'a', 'list', '--json'],
      ['keys', 'list', '--no-color', '--env=a', '--json'],
    ],
    [
      ['audit', '--since', '7d'],
      ['audit', 'list', '--since=7d'],
    ],
    [
      ['audit', '--env', 'a'],
      ['audit', 'list', '--env=a'],
    ],
    [
      ['audit', '--env', 'a', 'verify'],
      ['audit', 'verify', '--env=a'],
    ],
    [
      ['--', 'show', 'x'],
      ['show', '--', 'x'],
    ],
    [
      ['revoke', '--yes', '--', '--yes'],
      ['revoke', '--yes', '--', '--yes'],
    ],
    [
      ['keys', '--env', 'a'],
      ['keys', '--env=a'],
    ],
    [
      ['revoke', '--reason', '--dry-run', '--help'],
      ['revoke', '--help'],
    ],
    [
      ['list', '--client', 'a', '--client', 'b', '-h'],
      ['list', '--help'],
    ],
    [['-V'], ['--version']],
    [['--env', 'a', '--version'], ['--version']],
  ])('%j', (argv, words) => {
    expect(readWords(COMMANDS, argv)).toEqual(words);
  });

  it.each([
    [['--json', 'list'], 'apikey has no flag --json'],
    [['--client', 'issue', 'partner'], 'apikey has no flag --client'],
    [['--env', '--json', 'list'], 'has no value before --json'],
    [['--version', 'list'], 'apikey --version takes no command'],
    [['list', '--version'], 'apikey list has no flag --version'],
    [['audit', '--since', '7d', 'verify'], 'got more arguments than it takes'],
    [['audit', 'verfy'], 'there is no command "verfy" under apikey audit'],
    [['', 'list'], 'there is no command ""'],
    [['revoke', 'a', '--client', 'b', '--client', 'c', '--all'], '--client was given twice'],
    [['--', '--version'], 'there is no command "--version"'],
    [['-5'], 'apikey has no flag -5'],
    [['list', '-5'], 'apikey list has no flag -5'],
  ])('%j is refused', (argv, message) => {
    expect(refusal(argv).message).toContain(message);
  });

  /** Every word goes somewhere: whatever the order and the spelling, what comes out is what was put in. */
  it('all arrive, in any order and spelling', () => {
    const value = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => text.trim() !== '');
    const free = (flag: FlagDefinition): boolean => flag.required !== true && flag.excludes === undefined;
    const leaf = fc.constantFrom(...LEAVES.filter(({ command }) => allFlags(command).every(free)));
    const line = leaf.chain(({ path, command }) => {
      // What --format says goes elsewhere.
      const flags = allFlags(command).filter((flag) => flagNames(flag).long !== '--format');
      const parts = fc
        .shuffledSubarray([...flags])
        .chain((chosen) =>
          fc.tuple(
            fc.constant(chosen),
            fc.array(value, { minLength: 99, maxLength: 99 }),
            fc.array(fc.boolean(), { minLength: 99, maxLength: 99 }),
          ),
        );
      const args = fc.tuple(...(command.arguments ?? []).map(() => value));
      return fc.record({ path: fc.constant(path), parts, args: args.map((words): string[] => words) });
    });
    fc.assert(
      fc.property(line, ({ path, parts: [chosen, values, joined], args }) => {
        const expected: Record<string, unknown> = {};
        const words = chosen.flatMap((flag, index) => {
          const names = flagNames(flag);
          const text = values[index] ?? 'x';
          if (names.placeholder === undefined) {
            expected[attribute(names)] = !names.long.startsWith('--no-');
            return [names.long];
          }
          expected[attribute(names)] = flag.repeatable === true ? [text] : text;
          return joined[index] === true || looksLikeFlag(text) ? [`${names.long}=${text}`] : [names.long, text];
        });
        const { definition, invocation } = parse([...path, ...words, '--', ...args]);
        expect(definition.name).toBe(path.at(-1));
        expect(invocation.args.filter((arg) => arg !== undefined)).toEqual(args);
        for (const [name, expectedValue] of Object.entries(expected)) {
          const { flags } = invocation;
          const got = Array.isArray(expectedValue)
            ? flags.texts(name)
            : typeof expectedValue === 'boolean'
              ? flags.on(name) || !flags.off(name)
              : flags.text(name);
          expect(got).toEqual(expectedValue);
        }
      }),
      { numRuns: 500 },
    );
  });
});
