/** `apikey issue`: mints a token, hands it over, and tells the person about it on stderr. */
import {
  issueToken,
  planIssue,
  type IssuedToken,
  type OperationDeps,
  type TokenRecord,
  type TokenSink,
} from '@apikey/shared';
import { openKeys, operationDeps } from '../../backends.ts';
import { findActor } from '../../backends/caller.ts';
import type { Invocation } from '../../command-line/definition.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { destinationSink } from '../../delivery/destination.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import type { Io } from '../../io.ts';
import { previewRegistry } from '../../preview-registry.ts';
import { FIRST_ALG, saySetUp, setUp, whatIsPresent, type Present } from '../../set-up.ts';
import { issuedJson } from '../../token-json.ts';
import { parseIssueOptions, type IssueOptions } from './options.ts';
import { issuedWords, planJson, planWords } from './words.ts';

export async function run(invocation: Invocation, context: Context): Promise<number> {
  const options = parseIssueOptions(invocation);
  const settings = await context.settings();
  const json = (record: TokenRecord): object => ({ ...issuedJson(record), env: settings.env.value });
  const sink = destinationSink(options.destination, json, context);
  await sink.check();
  const present = await whatIsPresent(settings, context.io);
  let deps = present.deps;
  try {
    if (options.dryRun || !present.hasRing) await preview(options, settings, present, context);
    if (options.dryRun) return EXIT_CODES.done.code;
    if (deps === undefined || !present.hasRing) {
      const made = await setUp(settings, context.io, present, options.request.alg ?? FIRST_ALG);
      deps = made.deps;
      saySetUp(context.terminal, settings, made);
    }
    return await issue(deps, options, settings, sink, context);
  } finally {
    await deps?.registry.close();
  }
}

async function issue(
  deps: OperationDeps,
  { request, destination: { output } }: IssueOptions,
  settings: Settings,
  sink: TokenSink,
  { terminal, onInterrupt }: Context,
): Promise<number> {
  onInterrupt({
    why: 'the token was not handed over; a record that is pending at most is left, and nothing accepts it',
    fix: 'run the command again',
  });
  const issued: IssuedToken = await issueToken(deps, request, sink);
  if (terminal.json && output !== undefined) {
    terminal.printJson({ tokenFile: output, ...issuedJson(issued.record), env: settings.env.value });
  }
  terminal.say(issuedWords(issued, settings, output, deps.clock.now() / 1000, terminal.aside));
  return EXIT_CODES.done.code;
}

/** What there is, and for an environment that is still to be set up, what there would be. */
async function previewDeps(
  { request }: IssueOptions,
  settings: Settings,
  { deps, hasRing }: Present,
  io: Io,
): Promise<OperationDeps> {
  if (deps !== undefined && hasRing) return deps;
  const registry = previewRegistry(deps?.registry, request.alg ?? FIRST_ALG, Math.floor(io.clock.now() / 1000));
  const keys = deps?.keys ?? (await openKeys(settings, io));
  return operationDeps(settings, io, registry, keys, deps?.actor ?? (await findActor(settings, io, true)));
}

/** Refuses what would be refused, before anything is set up or recorded; with `--dry-run`, shows the plan. */
async function preview(options: IssueOptions, settings: Settings, present: Present, context: Context): Promise<void> {
  const { io, terminal } = context;
  const now = Math.floor(io.clock.now() / 1000);
  const plan = await planIssue(await previewDeps(options, settings, present, io), options.request);
  if (!options.dryRun) return;
  const setsUp = !present.hasRing;
  if (terminal.json) terminal.printJson(planJson(plan, settings, setsUp));
  else terminal.warn(planWords(plan, settings, setsUp, options.destination.output, now, terminal.aside));
}
