/** `apikey issue`: mints a token, hands it over, and tells the person about it on stderr. */
import {
  issueToken,
  planIssue,
  requireRoom,
  type IssuedToken,
  type OperationDeps,
  type TokenRecord,
  type Sink,
} from '@apikey/shared';
import type { Invocation } from '../../command-line/definition.ts';
import type { Settings } from '../../config/resolve.ts';
import type { Context } from '../../context.ts';
import { destinationSink, requestFor } from '../../delivery/destination.ts';
import { deliveredJson, plannedJson } from '../../delivery/words.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { previewDeps } from '../../preview-deps.ts';
import { FIRST_ALG, saySetUp, setUp, whatIsPresent, type Present } from '../../set-up.ts';
import { issuedJson } from '../../token-json.ts';
import { parseIssueOptions, type IssueOptions } from './options.ts';
import { issuedWords, planJson, planWords } from './words.ts';

export async function run(invocation: Invocation, context: Context): Promise<number> {
  if (invocation.flags.text('from') !== undefined) {
    const { issueFrom } = await import('./from/run.ts');
    return issueFrom(invocation.flags, context);
  }
  const options = parseIssueOptions(invocation);
  const settings = await context.settings();
  const json = (record: TokenRecord): object => ({ ...issuedJson(record), env: settings.env.value });
  const sink = await destinationSink(options.destination, json, settings, context);
  await sink.check();
  const present = await whatIsPresent(settings, context.io);
  let deps = present.deps;
  try {
    if (options.dryRun || !present.hasRing) await preview(options, sink, settings, present, context);
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
  { request, destination }: IssueOptions,
  settings: Settings,
  sink: Sink,
  { terminal, onInterrupt }: Context,
): Promise<number> {
  onInterrupt({
    why: 'the token was not handed over; a record that is pending at most is left, and nothing accepts it',
    fix: 'run the command again',
  });
  const issued: IssuedToken = await issueToken(deps, requestFor(destination, request, deps), sink);
  const delivered = deliveredJson(destination, issued);
  if (terminal.json && delivered !== undefined) {
    terminal.printJson({ ...delivered, ...issuedJson(issued.record), env: settings.env.value });
  }
  terminal.say(issuedWords(issued, settings, destination, deps.clock.now() / 1000, terminal.aside));
  return EXIT_CODES.done.code;
}

/** Refuses what would be refused, before anything is set up or recorded; with `--dry-run`, shows the plan. */
async function preview(
  options: IssueOptions,
  sink: Sink,
  settings: Settings,
  present: Present,
  context: Context,
): Promise<void> {
  const { io, terminal } = context;
  const now = Math.floor(io.clock.now() / 1000);
  const plan = await planIssue(await previewDeps(options.request.alg, settings, present, io), options.request);
  requireRoom(sink, plan);
  if (!options.dryRun) return;
  const setsUp = !present.hasRing;
  if (terminal.json) terminal.printJson({ ...planJson(plan, settings, setsUp), ...plannedJson(options.destination) });
  else terminal.warn(planWords(plan, settings, setsUp, options.destination, now, terminal.aside));
}
