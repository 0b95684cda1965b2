/** Where a new token goes, as `issue` and `rotate` are told: a file of its own, or standard output. */
import { resolve } from 'node:path';
import type { TokenRecord, TokenSink } from '@apikey/shared';
import type { FlagValues } from '../command-line/flag-values.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import { fileSink } from './file.ts';
import { stdoutSink } from './stdout.ts';

export interface Destination {
  /** The file as typed; absent = standard output. */
  readonly output: string | undefined;
  readonly force: boolean;
}

export function parseDestination(flags: FlagValues): Destination {
  const output = flags.text('output');
  if (flags.on('force') && output === undefined) {
    throw new UsageError('--force needs -o', { why: 'it replaces the output file', fix: 'add -o FILE' });
  }
  if (output === '' || output === '-') {
    throw new UsageError('-o needs the name of a file', { fix: 'leave -o out to get the token on standard output' });
  }
  return { output, force: flags.on('force') };
}

/** @param json what stands beside the token where JSON is printed to standard output */
export function destinationSink(
  { output, force }: Destination,
  json: (record: TokenRecord) => object,
  context: Context,
): TokenSink {
  const { io, terminal } = context;
  if (output !== undefined) return watched(fileSink(resolve(io.cwd, output), { replace: force }), context);
  if (!terminal.json) return watched(stdoutSink(io.stdout), context);
  // One object a line where a program reads it, like every JSON result.
  const indent = terminal.isTTY ? 2 : undefined;
  const form = (token: string, record: TokenRecord): string =>
    JSON.stringify({ token, ...json(record) }, undefined, indent);
  return watched(stdoutSink(io.stdout, form), context);
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
