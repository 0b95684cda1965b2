/** What the commands that change the key ring have in common: the backend is open while they work. */
import type { OperationDeps, RingName } from '@apikey/shared';
import { openBackend, type OpenMode } from '../../backends.ts';
import type { FlagValues } from '../../command-line/flag-values.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { parseRing } from './ring.ts';

export interface KeyWork extends Context {
  readonly deps: OperationDeps;
  /** Whose keys it is about. */
  readonly ring: RingName;
  /** The configuration in force. */
  readonly config: Settings;
  readonly env: string;
  readonly flags: FlagValues;
}

/** A key's age counts from a time that this machine says, so that a wrong clock is refused; not where a key is ended (`existing`). */
export async function withKeys(
  flags: FlagValues,
  context: Context,
  work: (work: KeyWork) => Promise<void>,
  mode: OpenMode = 'sign',
): Promise<number> {
  const ring = parseRing(flags);
  const config = await context.settings();
  const deps = await openBackend(config, context.io, mode, ring);
  try {
    await work({ ...context, deps, ring, config, env: config.env.value, flags });
    return EXIT_CODES.done.code;
  } finally {
    await deps.registry.close();
  }
}

/** Lines of a plan, for `--dry-run`. */
export function dryRun({ terminal, env }: KeyWork, lines: readonly string[], json: object): void {
  if (terminal.json) terminal.printJson({ dryRun: true, ...json, env });
  else {
    const lead = `${terminal.aside.bold('Dry run')}, nothing is changed. In environment ${env} this would`;
    terminal.warn([lead, ...lines.map((line) => `  ${line}`)].join('\n'));
  }
}
