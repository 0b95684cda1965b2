/** `apikey audit export`: the events and the state that they led to, into a file or on standard output. */
import { resolve } from 'node:path';
import {
  EXPORT_TYPE,
  EXPORT_VERSION,
  exportAudit,
  formatMillis,
  type ExportHeader,
  type Registry,
} from '@apikey/shared';
import { openForReading } from '../../backends.ts';
import type { FlagValues } from '../../command-line/flag-values.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { counted } from '../../counted.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { appendTarget, newTarget, type ExportTarget } from '../../export-file/target.ts';
import { writeSection, type Written } from '../../export-file/write.ts';
import { progress } from '../../terminal/progress.ts';
import { UsageError } from '../../usage-error.ts';

interface Options {
  /** Absent = standard output. */
  readonly output: string | undefined;
  readonly force: boolean;
  readonly append: boolean;
}

export async function run({ flags }: Invocation, context: Context): Promise<number> {
  const options = parseOptions(flags);
  const settings = await context.settings();
  const { registry } = await openForReading(settings);
  try {
    const header = headerOf(settings, context);
    if (options.output === undefined) await exportToStdout(registry, header, context);
    else await exportToFile(registry, header, { ...options, output: options.output }, context);
    return EXIT_CODES.done.code;
  } finally {
    await registry.close();
  }
}

function parseOptions(flags: FlagValues): Options {
  const named = flags.text('output');
  const output = named === '-' ? undefined : named;
  const [force, append] = [flags.on('force'), flags.on('append')];
  if (output === undefined && (force || append || flags.on('json'))) {
    const flag = force ? '--force' : append ? '--append' : '--json';
    throw new UsageError(`${flag} needs -o FILE`, {
      why: 'standard output gets the export itself',
      fix: `add -o FILE, or leave ${flag} out`,
    });
  }
  if (output === '') throw new UsageError('-o needs the name of a file', { fix: 'see: apikey audit export --help' });
  return { output, force, append };
}

async function exportToStdout(registry: Registry, header: ExportHeader, context: Context): Promise<void> {
  const { terminal } = context;
  const gone = new AbortController();
  const append = async (text: string): Promise<void> => {
    terminal.printExport(text.slice(0, -1));
    if (terminal.readerGone) gone.abort();
  };
  try {
    await writeSection(append, header, untilAborted(exportAudit(registry), gone.signal), now(context), () => {});
  } finally {
    gone.abort();
  }
}

async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  for await (const item of items) {
    if (signal.aborted) return;
    yield item;
  }
}

async function exportToFile(
  registry: Registry,
  header: ExportHeader,
  { output, force, append }: Options & { readonly output: string },
  context: Context,
): Promise<void> {
  const path = resolve(context.io.cwd, output);
  const target = append ? await appendTarget(path, header) : await newTarget(path, { replace: force });
  context.onInterrupt({
    why: 'the export was not finished',
    fix: append
      ? 'run the command again: it goes on where the last one that finished ended'
      : `run it again with --force, which replaces ${output}`,
  });
  let written: Written;
  try {
    const bar = progress('events exported', undefined, context);
    const entries = exportAudit(registry, target.earlier);
    const begun = target.earlier === undefined ? header : undefined;
    written = await writeSection(target.append, begun, entries, now(context), ({ type }) => {
      if (type === 'event') bar.advance();
    });
    await target.finish();
  } catch (error) {
    // What went wrong is the news; a file that cannot be tidied up shows by itself that it was not finished.
    await target.abandon().catch(() => {});
    throw error;
  }
  tell(written, target, output, header.env, context);
}

function tell(
  { events, records }: Written,
  { earlier, dropped }: ExportTarget,
  file: string,
  env: string,
  { terminal }: Context,
): void {
  if (terminal.json) {
    terminal.printJson({ file, events, records, appended: earlier !== undefined, droppedLines: dropped, env });
    return;
  }
  const continued = earlier === undefined ? '' : ', new since the last export,';
  const verb = earlier === undefined ? 'Wrote' : 'Added';
  if (dropped > 0) terminal.warn(`${counted(dropped, 'line')} of an earlier run that was cut short dropped`);
  terminal.say(
    [
      `${verb} ${counted(events, 'event')} and ${counted(records, 'token record')}${continued} of environment ${env} to ${file}`,
      `Check it with: apikey audit verify --from ${file}`,
    ].join('\n'),
  );
}

function headerOf({ env, issuer }: Settings, context: Context): ExportHeader {
  return { type: EXPORT_TYPE, version: EXPORT_VERSION, env: env.value, issuer, exportedAt: now(context)() };
}

function now({ io }: Context): () => string {
  return () => formatMillis(io.clock.now());
}
