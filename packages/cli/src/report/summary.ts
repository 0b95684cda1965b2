/** What a report holds, in a few words for its maker and as JSON for a program. */
import { ATTENTIONS, formatSeconds, type Attention } from '@apikey/shared';
import { counted } from '../counted.ts';
import { ATTENTION_WORDS } from './attention-words.ts';
import type { Model } from './model.ts';

export interface ReportJson {
  readonly env: string;
  readonly generatedAt: string;
  readonly clients: number;
  readonly tokens: number;
  readonly live: number;
  readonly pending: number;
  readonly over: number;
  /** How many of each kind. */
  readonly attention: Readonly<Record<Attention, number>>;
  readonly audit: { readonly ok: boolean; readonly chains: number; readonly events: number; readonly findings: number };
  readonly revocationSeconds: number;
  readonly leftOut: readonly string[];
}

export function reportJson({ facts, totals, attention, leftOut }: Model): ReportJson {
  const { chains, events, findings, moreFindings } = facts.audit;
  const found = findings.length + moreFindings;
  return {
    env: facts.environment.name,
    generatedAt: formatSeconds(facts.now),
    ...totals,
    attention: countsOf(attention),
    audit: { ok: found === 0, chains, events, findings: found },
    revocationSeconds: facts.environment.bound.total,
    leftOut,
  };
}

function countsOf(groups: Model['attention']): Readonly<Record<Attention, number>> {
  const counts = { expiring: 0, unused: 0, pending: 0, no_contact: 0, past_date: 0 };
  for (const { kind, count } of groups) counts[kind] = count;
  return counts;
}

export function summaryWords({ facts, totals, attention, leftOut }: Model): string {
  const { chains, findings, moreFindings } = facts.audit;
  const needs = ATTENTIONS.flatMap((kind) => {
    const group = attention.find((it) => it.kind === kind);
    return group === undefined ? [] : [`${group.count} ${ATTENTION_WORDS[kind].short}`];
  });
  const audit =
    findings.length > 0
      ? `the audit log does not verify: ${counted(findings.length + moreFindings, 'finding')}`
      : `the audit log verifies (${counted(chains, 'chain')})`;
  return [
    ...(facts.isSetUp ? [] : [`Nothing has been set up in environment ${facts.environment.name} yet.`]),
    `  ${counted(totals.tokens, 'token')} of ${counted(totals.clients, 'client')}, ${totals.live} live`,
    `  needs attention: ${needs.length === 0 ? 'nothing' : needs.join(', ')}`,
    ...(facts.isSetUp ? [`  ${audit}`] : []),
    ...leftOut.map((sentence) => `  ${sentence}`),
  ].join('\n');
}
