/** Where a new token goes, as `issue` and `rotate` are told: a file of its own, a store, or standard output. */
import { resolve } from 'node:path';
import type { OperationDeps, Sink, StagedSink, TokenRecord, TokenSink } from '@apikey/shared';
import { openStore } from '../backends/stores.ts';
import type { FlagValues } from '../command-line/flag-values.ts';
import { parseOptional } from '../command-line/parse-flag.ts';
import type { Settings } from '../config/resolve.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import { fileSink } from './file.ts';
import { stdoutSink } from './stdout.ts';
import { parseStoreUri, type StoreUri } from './store-uri.ts';
import { jsonText } from '../terminal/printable.ts';

export interface Destination {
  /** The file as typed. */
  readonly output: string | undefined;
  readonly force: boolean;
  /** Nothing will be handed over. */
  readonly planned: boolean;
  /** With neither file nor store the token goes to standard output. */
  readonly store: StoreUri | undefined;
}

export function parseDestination(flags: FlagValues): Destination {
  const output = flags.text('output');
  if (flags.on('force') && output === undefined) {
    throw new UsageError('--force needs -o', { why: 'it replaces the output file', fix: 'add -o FILE' });
  }
  if (output === '' || output === '-') {
    throw new UsageError('-o needs the name of a file', { fix: 'leave -o out to get the token on standard output' });
  }
  const planned = flags.on('dryRun');
  return { output, force: flags.on('force'), planned, store: parseOptional('--to', flags.text('to'), parseStoreUri) };
}

/** @param json what stands beside the token where JSON is printed to standard output */
export async function destinationSink(
  { output, force, planned, store }: Destination,
  json: (record: TokenRecord) => object,
  settings: Settings,
  context: Context,
): Promise<Sink> {
  const { io, terminal } = context;
  if (store !== undefined) return watchedStore(await openStore(store, settings), context);
  if (output !== undefined) return watched(fileSink(resolve(io.cwd, output), { replace: force }), context);
  if (planned) return NO_SINK;
  if (!terminal.json) return watched(stdoutSink(io.stdout), context);
  // One object a line where a program reads it, like every JSON result.
  const indent = terminal.isTTY ? 2 : undefined;
  const form = (token: string, record: TokenRecord): string => jsonText({ token, ...json(record) }, indent);
  return watched(stdoutSink(io.stdout, form), context);
}

/** Of a dry run to standard output. */
const NO_SINK: TokenSink = {
  check: async () => {},
  deliver: () => Promise.reject(new TypeError('a dry run hands nothing over')),
};

/** A delivery to a store can always be finished by a rerun, and so is a request, if only by an id that is made up. */
export function requestFor<R extends { readonly requestId?: string }>(
  { store }: Destination,
  request: R,
  { entropy }: Pick<OperationDeps, 'entropy'>,
): R {
  if (store === undefined || request.requestId !== undefined) return request;
  return { ...request, requestId: `to.${entropy.uuid()}` };
}

/** From delivery to activation an interruption leaves a token that was handed over but is not live. */
function watched(sink: TokenSink, { onInterrupt }: Context): TokenSink {
  return {
    check: () => sink.check(),
    deliver: async (token, record) => {
      await sink.deliver(token, record);
      onInterrupt({
        why: `token ${record.jti} was handed over, but it may not be live yet`,
        fix: `apikey show ${record.jti} tells; if it is pending, finish with: apikey activate ${record.jti}`,
      });
    },
  };
}

/** From delivery on an interruption leaves a token that may be live, and that readers of the store may not get yet. */
function watchedStore(sink: StagedSink, { onInterrupt }: Context): StagedSink {
  return {
    check: () => sink.check(),
    deliver: async (token, record) => {
      await sink.deliver(token, record);
      onInterrupt({
        why: `token ${record.jti} was stored in ${sink.staging(record)}; readers may still get the one before`,
        fix: `run the same command again with --request-id ${record.requestId ?? ''}`,
      });
    },
    requireRoom: (length) => sink.requireRoom(length),
    promote: (record) => sink.promote(record),
    staging: (record) => sink.staging(record),
  };
}
