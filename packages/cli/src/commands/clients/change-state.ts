/** What suspending, resuming and revoking a client have in common: the impact first, a question, one write, the outcome. */
import {
  describeTokens,
  openTokensOf,
  parseClientId,
  type ClientOutcome,
  type ClientTokens,
  type OperationDeps,
} from '@apikey/shared';
import { openBackend } from '../../backends.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { FlagValues } from '../../command-line/flag-values.ts';
import { parseFlag, parseReason } from '../../command-line/parse-flag.ts';
import type { Context } from '../../context.ts';
import { sameEnvironment } from '../../environment-words.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { tokenImpactJson } from '../../token-json.ts';
import { tokenTable } from '../../token-words.ts';
import { clientJson } from './client-json.ts';

export interface StateChange {
  /** `suspend`, `suspending`, `Suspended`. */
  readonly verb: string;
  readonly doing: string;
  readonly done: string;
  readonly apply: (deps: OperationDeps, id: string, reason: string | undefined) => Promise<ClientOutcome>;
  /** Nothing would be changed: it is so already. */
  readonly idle: (details: ClientTokens) => boolean;
  /** Which of its tokens are touched, and what that does: `denies 2 live tokens`. */
  readonly touches: (details: ClientTokens) => ClientTokens['tokens'];
  readonly effect: (count: number) => string;
  /** Whether, with these flags, somebody is shown what is touched before it is done; absent = never. */
  readonly shows?: (flags: FlagValues) => boolean;
  /** Asks; absent = nothing has to be asked. */
  readonly ask?: (id: string, impact: readonly string[], flags: FlagValues, context: Context) => Promise<void>;
  /** What to do next. */
  readonly next: (id: string, env: string) => string;
}

export async function changeState(change: StateChange, { flags, args }: Invocation, context: Context): Promise<number> {
  const id = parseFlag('client', args[0] ?? '', parseClientId);
  const reason = parseReason(flags.text('reason'));
  const { io, terminal } = context;
  const { aside, columns } = terminal;
  const settings = await context.settings();
  const env = settings.env.value;
  const deps = await openBackend(settings, io, 'existing');
  try {
    const details = await openTokensOf(deps, id);
    const touched = change.touches(details);
    const idle = change.idle(details);
    const effect = change.effect(touched.length);
    const dryRun = flags.on('dryRun');
    // Where nobody looks, usage is not read: nothing that is only shown may keep a client from being stopped.
    const shown = !idle && (dryRun || change.shows?.(flags) === true) ? touched.map(({ record }) => record) : [];
    const views = await describeTokens(deps, shown);
    const table = tokenTable(views, { now: deps.clock.now() / 1000, style: aside, columns, clients: false });
    const lead = `${capital(change.doing)} client ${id} in environment ${env} ${effect}${table.length === 0 ? '' : ':'}`;
    const impact = [lead, ...table];
    if (dryRun) {
      if (terminal.json)
        terminal.printJson({
          dryRun: true,
          id,
          changed: !idle,
          tokens: touched.map(({ record }) => record.jti),
          impact: views.map(tokenImpactJson),
          env,
        });
      else
        terminal.warn(
          [`${aside.bold('Dry run')}, nothing is changed.`, ...(idle ? [idleWords(details, env)] : impact)].join('\n'),
        );
      return EXIT_CODES.done.code;
    }
    if (!idle) await change.ask?.(id, impact, flags, context);
    const { client, changed } = await change.apply(deps, id, reason);
    if (terminal.json) {
      terminal.printJson({ ...clientJson(client), changed, tokens: touched.map(({ record }) => record.jti), env });
    }
    terminal.say(
      changed
        ? [
            `${aside.green(change.done)} client ${aside.bold(id)} in environment ${env}, which ${effect}`,
            `Next: ${change.next(id, sameEnvironment(settings))}`,
          ].join('\n')
        : idleWords(details, env),
    );
    return EXIT_CODES.done.code;
  } finally {
    await deps.registry.close();
  }
}

function idleWords({ client }: ClientTokens, env: string): string {
  return `Client ${client.id} in environment ${env} is ${client.state} already; there is nothing to do`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
