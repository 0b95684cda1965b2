/** `apikey audit reconcile`: holds the registry against what CloudTrail knows of signing. */
import {
  InvalidValueError,
  readSigningKeys,
  reconcile,
  RefusedError,
  SignLedger,
  type EpochMillis,
  type Reconciliation,
} from '@apikey/shared';
import { openForReading } from '../../backends.ts';
import type { FlagValues } from '../../command-line/flag-values.ts';
import type { Invocation } from '../../command-line/definition.ts';
import { parseOptional } from '../../command-line/parse-flag.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { progress } from '../../terminal/progress.ts';
import { UsageError } from '../../usage-error.ts';
import { parseInstant } from './instant.ts';
import { reconciliationJson, reconciliationText } from './reconcile-words.ts';

/** How far back CloudTrail's event history reaches. */
const HISTORY_MILLIS = 90 * 86_400_000;
/** CloudTrail delivers an event within about 15 minutes of the call (AWS CloudTrail User Guide). */
const DELIVERY_MILLIS = 15 * 60_000;

interface Options {
  readonly files: readonly string[];
  readonly lookup: boolean;
  readonly since: EpochMillis | undefined;
  readonly until: EpochMillis | undefined;
}

interface Window {
  readonly from: EpochMillis;
  readonly until: EpochMillis;
  readonly signedUntil?: EpochMillis;
}

export async function run({ flags }: Invocation, context: Context): Promise<number> {
  const { io, terminal } = context;
  const options = parseOptions(flags, io.clock.now());
  const settings = await context.settings();
  requireKms(settings);
  const { registry } = await openForReading(settings);
  try {
    const ledger = new SignLedger(await readSigningKeys(registry));
    const window = await readLog(ledger, options, settings, context);
    const clients = progress('clients', undefined, context);
    const result = await reconcile(registry, { ledger, ...window, progress: clients.advance });
    if (terminal.json) terminal.printJson({ env: settings.env.value, ...reconciliationJson(result) });
    else terminal.print(reconciliationText(result, settings.env.value, terminal.style));
    return exitCode(result);
  } finally {
    await registry.close();
  }
}

function exitCode({ findings }: Reconciliation): number {
  return findings.length === 0 ? EXIT_CODES.done.code : EXIT_CODES.findings.code;
}

function parseOptions(flags: FlagValues, now: EpochMillis): Options {
  const files = flags.texts('cloudtrail');
  const lookup = flags.on('lookup');
  if (files.length === 0 && !lookup) {
    throw new UsageError('nothing to reconcile with', {
      fix: 'give CloudTrail log files with --cloudtrail PATH, or --lookup for the event history of the Region',
    });
  }
  const since = parseOptional('--since', flags.text('since'), parseInstant(now));
  const until = parseOptional('--until', flags.text('until'), parseInstant(now));
  if (since !== undefined && until !== undefined && since >= until) {
    throw new InvalidValueError('INVALID_TIME', '--since lies behind --until', {
      fix: 'give the earlier one as --since',
    });
  }
  return { files, lookup, since, until };
}

function requireKms({ env, keys }: Settings): void {
  if (keys.scheme === 'awskms') return;
  throw new RefusedError('WRONG_STATE', `environment ${env.value} has no log of its signatures`, {
    why: 'its signing keys are files; CloudTrail tells of KMS keys alone',
    fix: 'choose an environment on AWS with --env; for this one there is: apikey audit verify',
  });
}

/** Fills the ledger, and returns what it covers. */
async function readLog(
  ledger: SignLedger,
  { files, lookup, since, until }: Options,
  settings: Settings,
  context: Context,
): Promise<Window> {
  const cloudTrail = await import('../../backends/cloudtrail.ts');
  if (lookup) {
    const now = context.io.clock.now();
    const window = {
      from: since ?? now - HISTORY_MILLIS,
      until: until ?? now - DELIVERY_MILLIS,
      // A token may be too young for the log to have its signature; a signature that it has is judged.
      signedUntil: until ?? now,
    };
    const calls = progress('signing calls', undefined, context);
    // A call that is too young to be judged may still be the one that a judged token is looking for.
    for await (const entry of cloudTrail.eventHistory(settings, window.from - DELIVERY_MILLIS, now)) {
      ledger.add(entry);
      calls.advance();
    }
    return window;
  }
  const log = await cloudTrail.openLogFiles(files);
  const bar = progress('log files', log.count, context);
  for await (const entry of log.entries(() => bar.advance())) ledger.add(entry);
  const { span } = ledger;
  if (span === undefined && (since === undefined || until === undefined)) {
    throw new InvalidValueError('INVALID_INPUT', 'the log files hold no event', {
      why: 'without one it is not known what time they cover',
      fix: 'say so with --since and --until',
    });
  }
  return { from: since ?? span?.from ?? 0, until: until ?? span?.until ?? 0 };
}
