/** `apikey issue --from`: checks the whole file, then issues a token for each line, and can be run again at any point. */
import {
  ApikeyError,
  issueMany,
  surveyBulk,
  type BulkFinding,
  type BulkSurvey,
  type OperationDeps,
  type TokenRecord,
} from '@apikey/shared';
import type { FlagValues } from '../../../command-line/flag-values.ts';
import type { Settings } from '../../../config/resolve.ts';
import type { Context } from '../../../context.ts';
import { EXIT_CODES } from '../../../exit-codes.ts';
import { previewDeps } from '../../../preview-deps.ts';
import { FIRST_ALG, saySetUp, setUp, whatIsPresent, type Present } from '../../../set-up.ts';
import { issuedJson } from '../../../token-json.ts';
import { readCsv } from './csv.ts';
import { readJsonLines } from './json-lines.ts';
import { malformedLines, refusedLines } from './lines-error.ts';
import { parseFromOptions, type FromOptions } from './options.ts';
import { openPlace, type BulkPlace } from './place.ts';
import { BulkReport } from './report.ts';
import { parseLines, type BulkLine, type ParsedLines } from './requests.ts';
import { openText } from './text-input.ts';
import { planOf, planWords } from './words.ts';

/** 95 % of what KMS allows an account in its smaller Regions: 300 signatures with elliptic curves a second. */
const KMS_RATE = 285;
/** As much as a rate of 285 needs if a token takes 400 ms on its way: two transactions and a signature. */
const CONCURRENCY = 128;

export async function issueFrom(flags: FlagValues, context: Context): Promise<number> {
  const options = parseFromOptions(flags);
  context.onInterrupt({ why: 'nothing was issued in this run', fix: 'run the command again' });
  const settings = await context.settings();
  const input = openText(options.file, context);
  const rows = options.format === 'csv' ? readCsv(input) : readJsonLines(input);
  const parsed = await parseLines(rows, options.defaults, options.prefix);
  if (parsed.flaws.length > 0) throw malformedLines(input.name, parsed.flaws, context.terminal);
  if (parsed.lines.length === 0) throw nothing(input.name);

  const present = await whatIsPresent(settings, context.io);
  let { deps } = present;
  try {
    const survey = await look(parsed.lines, options, settings, present, context);
    const json = (record: TokenRecord): object => ({ ...issuedJson(record), env: settings.env.value });
    using place = await openPlace(options.target, parsed, json, { look: options.dryRun }, context);
    refuse(input.name, parsed.lines, survey, place, context);
    if (options.dryRun) {
      tellPlan(parsed, survey, place, options, settings, present, context);
      return EXIT_CODES.done.code;
    }
    if (deps === undefined || !present.hasRing) {
      const made = await setUp(settings, context.io, present, options.defaults.alg ?? FIRST_ALG);
      ({ deps } = made);
      saySetUp(context.terminal, settings, made);
    }
    await issueAll(deps, parsed, survey, place, input.name, options, settings, context);
    return EXIT_CODES.done.code;
  } finally {
    await deps?.registry.close();
  }
}

/** Everything that the registry says about the lines, before anything is changed. */
async function look(
  lines: readonly BulkLine[],
  { defaults }: FromOptions,
  settings: Settings,
  present: Present,
  { io }: Context,
): Promise<BulkSurvey> {
  return surveyBulk(
    await previewDeps(defaults.alg, settings, present, io),
    lines.map(({ request }) => request),
  );
}

/** Refuses the whole file for the sake of one line that a policy, or something in its place, forbids. */
function refuse(
  name: string,
  lines: readonly BulkLine[],
  { findings }: BulkSurvey,
  place: BulkPlace,
  { terminal }: Context,
): void {
  const refused = lines.flatMap((line, n) => {
    const finding = findings[n];
    const error = finding && (refusalOf(finding) ?? place.obstacle(line, finding));
    if (error === undefined) return [];
    const why = error.why === undefined ? '' : ` (${error.why})`;
    return [{ line: line.line, flaw: `${line.request.client}: ${error.message}${why}`, error }];
  });
  if (refused.length > 0) throw refusedLines(name, refused, terminal);
}

/** A token that was revoked since is a matter of its own line, which must not keep the others from being finished. */
function refusalOf(finding: BulkFinding): ApikeyError | undefined {
  if (finding.kind === 'unlawful') return finding.error;
  return finding.kind === 'refused' && finding.error.code === 'REQUEST_MISMATCH' ? finding.error : undefined;
}

function tellPlan(
  { lines, batch }: ParsedLines,
  survey: BulkSurvey,
  place: BulkPlace,
  { target, defaults }: FromOptions,
  settings: Settings,
  { hasRing }: Present,
  { terminal }: Context,
): void {
  const plan = planOf(
    lines,
    survey,
    (line, finding) =>
      finding.kind === 'refused' || (finding.kind === 'issued' && place.missing(line, finding.record) !== undefined),
  );
  if (terminal.json) {
    terminal.printJson({ dryRun: true, env: settings.env.value, setsUp: !hasRing, batch, ...plan });
    return;
  }
  const setsUp = hasRing ? undefined : { alg: defaults.alg ?? FIRST_ALG };
  terminal.warn(planWords(plan, target, batch, settings, setsUp, terminal.aside));
}

async function issueAll(
  deps: OperationDeps,
  { lines, batch }: ParsedLines,
  survey: BulkSurvey,
  place: BulkPlace,
  name: string,
  { target, concurrency, rate }: FromOptions,
  settings: Settings,
  context: Context,
): Promise<void> {
  const report = new BulkReport({ lines, batch, place, target, name, settings }, context);
  await place.begin(survey.findings);
  report.begin();
  const { untried } = await issueMany(
    deps,
    lines.map(({ request }) => request),
    place.sink,
    {
      survey,
      concurrency: concurrency ?? CONCURRENCY,
      rate: rate ?? (settings.keys.scheme === 'awskms' ? KMS_RATE : undefined),
      signal: context.io.interrupted,
      tell: (index, outcome) => report.tell(index, outcome),
    },
  );
  report.end(untried, context.io.interrupted.aborted);
}

function nothing(name: string): ApikeyError {
  return new ApikeyError('INVALID_INPUT', `${name} names no token to issue`, {
    why: 'no line in it is filled',
    fix: 'write one line for each token, with its client at least',
  });
}
