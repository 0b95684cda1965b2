/** What `apikey issue --from` says about many tokens, or about those that it would issue. */
import type { BulkFinding, BulkSurvey } from '@apikey/shared';
import { counted } from '../../../counted.ts';
import type { Settings } from '../../../config/resolve.ts';
import { environmentLine } from '../../../environment-words.ts';
import { places } from '../../../set-up.ts';
import type { Style } from '../../../terminal/style.ts';
import type { BulkTarget } from './options.ts';
import type { BulkLine } from './requests.ts';

/** What a run comes to, in numbers. */
export interface BulkPlan {
  readonly lines: number;
  /** To be issued, those that an earlier run left pending included. */
  readonly tokens: number;
  readonly resumes: number;
  readonly alreadyIssued: number;
  /** Cannot be issued, and stop no other: their token is lost, or was revoked. */
  readonly failing: number;
  readonly clients: number;
  readonly newClients: number;
}

export function planOf(
  lines: readonly BulkLine[],
  { clients, findings }: BulkSurvey,
  fails: (line: BulkLine, finding: BulkFinding) => boolean,
): BulkPlan {
  const ids = new Set(lines.map(({ request }) => request.client));
  const count = (test: (line: BulkLine, finding: BulkFinding) => boolean): number =>
    lines.filter((line, n) => {
      const finding = findings[n];
      return finding !== undefined && test(line, finding);
    }).length;
  const failing = count(fails);
  const resumes = count((_, { kind }) => kind === 'pending');
  return {
    lines: lines.length,
    tokens: count((_, { kind }) => kind === 'new') + resumes,
    resumes,
    alreadyIssued: count((line, finding) => finding.kind === 'issued' && !fails(line, finding)),
    failing,
    clients: ids.size,
    newClients: [...ids].filter((id) => !clients.has(id)).length,
  };
}

export function planWords(
  plan: BulkPlan,
  target: BulkTarget,
  batch: string,
  settings: Settings,
  setsUp: { readonly alg: string } | undefined,
  style: Style,
): string {
  const { tokens, resumes, alreadyIssued, failing, clients, newClients } = plan;
  return [
    `${style.bold('Dry run')}, nothing is changed. In environment ${environmentLine(settings)} this would`,
    ...(setsUp === undefined
      ? []
      : [`  set up the environment with a first signing key (${setsUp.alg}) in ${places(settings)}`]),
    ...(newClients === 0 ? [] : [`  register ${counted(newClients, 'client')}`]),
    `  issue ${counted(tokens, 'token')} to ${counted(clients, 'client')} ${into(target)}` +
      (resumes === 0 ? '' : `, ${resumes} of which an earlier run left pending`),
    ...(alreadyIssued === 0 ? [] : [`  leave ${counted(alreadyIssued, 'token')} that were issued before`]),
    ...(failing === 0 ? [] : [`  ${style.red('fail')} for ${counted(failing, 'line')}; the run itself says why`]),
    `  under request ids that begin with ${batch}`,
  ].join('\n');
}

function into(target: BulkTarget): string {
  if (target.kind === 'directory') return `as files in ${target.path}`;
  return target.kind === 'lines' ? `as lines of ${target.path}` : 'on standard output';
}

/** The numbers of a finished run. */
export interface BulkDone {
  readonly issued: number;
  readonly already: number;
  readonly newClients: number;
}

export function doneWords(
  { issued, already, newClients }: BulkDone,
  target: BulkTarget,
  settings: Settings,
  style: Style,
): string {
  const before = `${already} ${already === 1 ? 'was' : 'were'} issued before`;
  return [
    `${style.green('Issued')} ${counted(issued, 'token')} in environment ${settings.env.value}` +
      (newClients === 0 ? '' : `, registering ${counted(newClients, 'client')}`) +
      (already === 0 ? '' : `; ${before}`),
    ...(target.kind === 'stdout'
      ? []
      : [`The tokens are ${into(target).replace(/^as /, '')}, readable by you alone. They are stored nowhere else.`]),
  ].join('\n');
}
