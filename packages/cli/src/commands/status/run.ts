/** `apikey status`: where you are, what signs, how many tokens, and what needs attention. Reads, and changes nothing. */
import { environmentStatus, type EnvironmentStatus } from '@apikey/shared';
import { ifSetUp, openForReading } from '../../backends.ts';
import { awsCaller, usesAws, type Caller } from '../../backends/caller.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import type { Io } from '../../io.ts';
import { statusJson, statusText } from './output.ts';

/** What there is to say. */
export interface StatusFacts {
  readonly settings: Settings;
  /** Absent where no part of the environment is on AWS. */
  readonly caller: Caller | undefined;
  /** Absent before the environment is set up. */
  readonly status: EnvironmentStatus | undefined;
  /** Epoch seconds. */
  readonly now: number;
}

export async function run(_: Invocation, context: Context): Promise<number> {
  const { io, terminal } = context;
  const settings = await context.settings();
  const [caller, status] = await Promise.all([
    usesAws(settings) ? awsCaller(settings, io) : undefined,
    ifSetUp(readStatus(settings, io)),
  ]);
  const facts: StatusFacts = { settings, caller, status, now: io.clock.now() / 1000 };
  if (terminal.json) terminal.printJson(statusJson(facts));
  else terminal.print(statusText(facts, terminal.style));
  return EXIT_CODES.done.code;
}

async function readStatus(settings: Settings, { clock }: Pick<Io, 'clock'>): Promise<EnvironmentStatus> {
  const { registry } = await openForReading(settings);
  try {
    return await environmentStatus({ registry, clock });
  } finally {
    await registry.close();
  }
}
