/** What `apikey audit verify` says, to people and to programs. */
import { FINDING_KINDS, type AuditReport, type Difference, type Finding, type Json } from '@apikey/shared';
import { counted } from '../../counted.ts';
import { fieldLines, type Field } from '../../terminal/fields.ts';
import type { Style } from '../../terminal/style.ts';
import type { AuditGrants } from './grants.ts';
import type { GivenSeal } from './seal-input.ts';
import { jsonText } from '../../terminal/printable.ts';

/** What was checked, beside the report about it. */
export interface Checked {
  readonly env: string;
  /** The export, where it was no registry. */
  readonly from: string | undefined;
  /** When the export's last section was finished. */
  readonly exportedAt: string | undefined;
  /** Lines behind that, of a section that was not. */
  readonly unfinished: number;
  readonly seal: GivenSeal | undefined;
  readonly grants: AuditGrants;
}

export function reportText(report: AuditReport, checked: Checked, style: Style): string {
  const { findings, moreFindings, aggregates, events, records, head } = report;
  const total = findings.length + moreFindings;
  const verdict = total === 0 ? style.green('no findings') : style.red(counted(total, 'finding'));
  const fields: Field[] = [
    ['export', checked.from === undefined ? undefined : `${checked.from}, as of ${checked.exportedAt}`],
    [
      'left out',
      checked.unfinished === 0 ? undefined : `${counted(checked.unfinished, 'line')} of a run that was cut short`,
    ],
    ['checked', `${counted(events, 'event')} of ${counted(aggregates, 'chain')}, ${counted(records, 'token record')}`],
    ['grants', grantWords(report, checked.grants)],
    ['seal', sealWords(checked.seal)],
    ['not shown', moreFindings === 0 ? undefined : counted(moreFindings, 'further finding')],
    ['head', head],
  ];
  return [
    ...findings.flatMap((finding) => [
      `${style.red(style.symbols.no)} ${FINDING_KINDS[finding.kind]}`,
      ...fieldLines(findingFields(finding), style, '    '),
    ]),
    ...(findings.length === 0 ? [] : ['']),
    `${verdict} in environment ${checked.env}`,
    ...fieldLines(fields, style),
  ].join('\n');
}

function sealWords(seal: GivenSeal | undefined): string | undefined {
  if (seal?.statement === undefined) return undefined;
  const { at, chains } = seal.statement;
  return `of ${at}, ${counted(chains.length, 'chain')}`;
}

function grantWords({ uncheckedGrants }: AuditReport, { notVerified }: AuditGrants): string {
  if (notVerified !== undefined) return `not verified: ${notVerified}`;
  return uncheckedGrants === 0
    ? 'verified'
    : `verified, but for ${counted(uncheckedGrants, 'token')} whose signing key is disabled or out of reach`;
}

function findingFields({ aggregate, seq, subject, difference, note }: Finding): Field[] {
  return [
    ['where', aggregate],
    ['event', seq === undefined ? undefined : String(seq)],
    ['about', aggregate.endsWith(`:${subject}`) ? undefined : subject],
    ...(difference === undefined ? [] : differenceFields(difference)),
    ['note', note],
  ];
}

function differenceFields({ field, expected, found }: Difference): Field[] {
  return [
    ['member', field],
    ['expected', shown(expected)],
    ['found', shown(found)],
  ];
}

function shown(value: Json): string {
  if (value === null) return 'none';
  return typeof value === 'string' ? value : jsonText(value);
}

/** Fields are only ever added; what is absent is null. */
export function reportJson(report: AuditReport, { env, from, exportedAt, unfinished, seal, grants }: Checked): object {
  const { findings, moreFindings, aggregates, events, records, uncheckedGrants, head } = report;
  return {
    ok: findings.length + moreFindings === 0,
    aggregates,
    events,
    records,
    head,
    findings: findings.map(({ aggregate, kind, seq = null, subject = null, difference = null, note = null }) => ({
      aggregate,
      kind,
      meaning: FINDING_KINDS[kind],
      seq,
      subject,
      difference,
      note,
    })),
    moreFindings,
    grantsVerified: grants.notVerified === undefined,
    uncheckedGrants,
    seal:
      seal === undefined
        ? null
        : {
            kid: seal.kid,
            trusted: seal.statement !== undefined,
            at: seal.statement?.at ?? null,
            chains: seal.statement?.chains.length ?? null,
          },
    from: from ?? null,
    exportedAt: exportedAt ?? null,
    unfinishedLines: unfinished,
    env,
  };
}
