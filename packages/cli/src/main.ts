/** The program: argv in, exit code out. Parses, runs one command, reports whatever went wrong. */
import type { CommandDefinition } from './command-line/definition.ts';
import { FlagValues } from './command-line/flag-values.ts';
import { asksForJson } from './command-line/output-format.ts';
import type { Parsed } from './command-line/parse.ts';
import type { Context, Interruptible } from './context.ts';
import { EXIT_CODES } from './exit-codes.ts';
import type { Io } from './io.ts';
import { Terminal } from './terminal/terminal.ts';
import { UsageError } from './usage-error.ts';

/** Resolves, never rejects, once everything is written. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  if (argv[0] === 'complete' && argv[1] === '--') return suggest(argv.slice(2), io);
  const attempt = await parse(argv).then(
    (parsed) => ({ parsed, flags: parsed.kind === 'run' ? parsed.invocation.flags : scan(argv) }),
    (error: unknown) => ({ error, flags: scan(argv) }),
  );
  const { flags } = attempt;
  const terminal = await Terminal.open(io, {
    json: flags.on('json'),
    jsonLines: flags.on('jsonLines'),
    quiet: flags.on('quiet'),
    colour: !flags.off('color'),
  });
  try {
    if ('error' in attempt) throw attempt.error;
    return await follow(attempt.parsed, io, terminal);
  } catch (error) {
    return report(error, terminal, flags.on('debug'));
  }
}

/** What the scripts of `apikey completion` ask: a half-typed line is no command line, and never an error. */
async function suggest(words: readonly string[], io: Io): Promise<number> {
  const [{ complete, offerText }, { COMMANDS }] = await Promise.all([
    import('./command-line/complete.ts'),
    import('./commands/index.ts'),
  ]);
  const offer = await complete(COMMANDS, words, async (wanted) =>
    (await import('./command-line/look-up.ts')).lookUpIn(io)(wanted),
  );
  io.stdout.write(offerText(offer));
  return EXIT_CODES.done.code;
}

/** How to report a command line that could not be parsed: in the form that it seems to ask for. */
function scan(argv: readonly string[]): FlagValues {
  const said = new Set(argv);
  return new FlagValues({
    json: asksForJson(argv),
    quiet: said.has('-q') || said.has('--quiet'),
    color: !said.has('--no-color'),
    debug: said.has('--debug'),
  });
}

/** Of the first things that anybody types, the answer is known without a parser, which takes a while to load. */
const AT_ONCE: ReadonlyMap<string | undefined, Parsed> = new Map<string | undefined, Parsed>([
  [undefined, { kind: 'first-day' }],
  ['--help', { kind: 'help', path: [] }],
  ['-h', { kind: 'help', path: [] }],
  ['--version', { kind: 'version' }],
  ['-V', { kind: 'version' }],
]);

async function parse(argv: readonly string[]): Promise<Parsed> {
  const known = argv.length < 2 ? AT_ONCE.get(argv[0]) : undefined;
  if (known !== undefined) return known;
  const [{ parseCommandLine }, { COMMANDS }] = await Promise.all([
    import('./command-line/parse.ts'),
    import('./commands/index.ts'),
  ]);
  return parseCommandLine(COMMANDS, argv);
}

async function follow(parsed: Parsed, io: Io, terminal: Terminal): Promise<number> {
  if (parsed.kind === 'run') return runInterruptibly(parsed, io, terminal);
  if (parsed.kind === 'incomplete') {
    if (terminal.json) throw new UsageError('a command is missing', { fix: 'see: apikey --help' });
    terminal.printError(await help(parsed.path, terminal.asideColumns, terminal.aside.bold));
    return EXIT_CODES.usage.code;
  }
  terminal.print(await textOf(parsed, terminal));
  return EXIT_CODES.done.code;
}

async function textOf(
  parsed: Exclude<Parsed, { kind: 'run' | 'incomplete' }>,
  { columns, style }: Terminal,
): Promise<string> {
  if (parsed.kind === 'version') return (await import('./version.ts')).VERSION;
  if (parsed.kind === 'help') return help(parsed.path, columns, style.bold);
  return (await import('./command-line/help.ts')).firstDayText({ columns, bold: style.bold });
}

async function help(path: readonly string[], columns: number, bold: (text: string) => string): Promise<string> {
  const [{ helpText }, { COMMANDS }] = await Promise.all([
    import('./command-line/help.ts'),
    import('./commands/index.ts'),
  ]);
  return helpText(COMMANDS, path, { columns, bold });
}

/** Runs the command until it is done or Ctrl-C ends the wait for it: every effect is safe to stop at. */
async function runInterruptibly(
  { definition, invocation }: Extract<Parsed, { kind: 'run' }>,
  io: Io,
  terminal: Terminal,
): Promise<number> {
  let state: Interruptible | undefined;
  const context: Context = {
    io,
    terminal,
    inputAllowed: !invocation.flags.off('input'),
    settings: async () => {
      const { resolveSettings } = await import('./config/resolve.ts');
      const { flags } = invocation;
      const [env, config] = [flags.text('env'), flags.text('config')];
      const aws = { profile: flags.text('profile'), region: flags.text('region') };
      const clockChecked = flags.on('clockChecked');
      const settings = await resolveSettings({ env, config, ...aws, clockChecked }, io);
      if (settings.files.length > 0 && changesSomething(definition)) {
        terminal.lead = terminal.aside.dim(`Configuration: ${settings.files.join(', ')}`);
      }
      return settings;
    },
    onInterrupt: (now) => {
      state = now;
    },
  };
  if (definition.endsItself === true) return (await definition.load()).run(invocation, context);
  const { promise: interruption, reject } = Promise.withResolvers<never>();
  const interrupt = (): void => {
    if (state?.endsItself === true) return;
    // The terminal has put ^C into the line.
    if (io.stderr.isTTY) terminal.ask('\n');
    import('./api-error.ts').then(
      ({ ApikeyError }) => reject(new ApikeyError('INTERRUPTED', 'interrupted', state)),
      reject,
    );
  };
  if (io.interrupted.aborted) interrupt();
  io.interrupted.addEventListener('abort', interrupt, { once: true });
  try {
    const { run } = await definition.load();
    const code = await Promise.race([run(invocation, context), interruption]);
    // A command that had nothing to say may have changed something all the same.
    terminal.sayLead();
    return code;
  } finally {
    io.interrupted.removeEventListener('abort', interrupt);
  }
}

/** A file that was found decides what is changed: it is named. */
function changesSomething({ flags = [], endsItself }: CommandDefinition): boolean {
  return endsItself === true || flags.some(({ flags: names }) => names === '--dry-run');
}

async function report(error: unknown, terminal: Terminal, debug: boolean): Promise<number> {
  const { failureJson, failureOf, failureText } = await import('./failure.ts');
  const failure = await failureOf(error);
  if (terminal.json) {
    terminal.printError(failureJson(failure, debug));
  } else {
    terminal.printError(failureText(failure, terminal.aside.red, terminal.aside.dim));
    if (debug) terminal.printError(terminal.aside.dim(failure.stack));
  }
  return failure.exitCode;
}
