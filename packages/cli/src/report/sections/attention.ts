/** What needs a person, before everything else: by kind, each with what to do about it. */
import { endOfLife, type Attention } from '@apikey/shared';
import { counted } from '../../counted.ts';
import { distance } from '../../terminal/distance.ts';
import { ATTENTION_WORDS } from '../attention-words.ts';
import { dayElement } from '../dates.ts';
import { grouped } from '../grouped.ts';
import { html, type Content, type Markup } from '../html.ts';
import type { AttentionEntry, AttentionGroup, Model } from '../model.ts';
import { free, id, section, table, type Column } from './parts.ts';

export function attention(model: Model): Markup {
  const { attention: groups, facts } = model;
  const broken = facts.audit.findings.length > 0;
  if (groups.length === 0 && !broken) {
    const words = facts.isSetUp
      ? 'Nothing. No token, client or key needs anything now.'
      : 'Nothing has been set up in this environment yet.';
    return section('attention', 'Needs attention', html`<p class="calm">${words}</p>`);
  }
  return section('attention', 'Needs attention', [
    ...(broken ? [brokenAudit(model)] : []),
    ...groups.map((group) => groupOf(group, facts.now)),
  ]);
}

function brokenAudit({ facts: { audit } }: Model): Markup {
  const clocks = audit.findings.every(({ clock }) => clock === true);
  const what = clocks
    ? 'an event goes back in time or is dated in the future, for a clock was wrong when it was written.'
    : 'something was changed, cut off or damaged, and not by apikey.';
  return html`<article class="need is-bad">
    <h3>The audit log does not verify</h3>
    <p>
      ${counted(audit.findings.length + audit.moreFindings, 'finding')} in ${counted(audit.chains, 'chain')}: ${what}
      See <a href="#audit">Audit log</a>.
    </p>
  </article> `;
}

function groupOf(group: AttentionGroup, now: number): Markup {
  const { title, what, fix } = ATTENTION_WORDS[group.kind];
  const rest = group.count - group.entries.length;
  return html`<article class="need">
    <h3>${title} <span class="count">${grouped(group.count)}</span></h3>
    <p>${what}</p>
    <p>
      To do:
      ${fix.map((command, index) => html`${index === 0 ? undefined : ' or '}<span class="fix">${command}</span>`)}
    </p>
    ${table(html`<span class="aside">${title}</span>`, columnsOf(group.kind, now), group.entries)}
    ${rest === 0 ? undefined : html`<p class="rest">and ${grouped(rest)} more<span class="more" data-attention="${group.kind}"></span></p>`}
  </article> `;
}

function columnsOf(kind: Attention, now: number): Column<AttentionEntry>[] {
  if (kind === 'past_date') {
    return [
      { title: 'Key', cell: (entry) => (entry.about === 'key' ? id(entry.key.key.kid) : undefined) },
      { title: 'State', cell: (entry) => (entry.about === 'key' ? entry.key.key.state : undefined) },
      { title: 'Created', cell: (entry) => (entry.about === 'key' ? dayElement(entry.key.key.createdAt) : undefined) },
    ];
  }
  if (kind === 'no_contact') {
    return [
      { title: 'Client', cell: clientOf },
      {
        title: 'Owner',
        cell: (entry) => (entry.about === 'client' ? free(entry.client.facts.client.owner) : undefined),
      },
      { title: 'Live tokens', kind: 'number', cell: liveTokens },
    ];
  }
  return [
    { title: 'Client', cell: clientOf },
    { title: 'Token', cell: (entry) => (entry.about === 'token' ? id(entry.row.view.record.jti) : undefined) },
    { title: WHEN[kind], cell: (entry) => whenOf(kind, entry, now) },
    { title: 'Contact', cell: (entry) => (entry.about === 'token' ? free(entry.row.view.contact) : undefined) },
    {
      title: 'Note',
      kind: 'wide',
      cell: (entry) => (entry.about === 'token' ? free(entry.row.view.record.note) : undefined),
    },
  ];
}

const WHEN: Readonly<Record<Exclude<Attention, 'past_date' | 'no_contact'>, string>> = {
  expiring: 'Ends',
  unused: 'Last used',
  pending: 'Prepared',
};

function whenOf(kind: keyof typeof WHEN, entry: AttentionEntry, now: number): Content {
  if (entry.about !== 'token') return undefined;
  const { record, lastUsedAt } = entry.row.view;
  const at = { expiring: endOfLife(record), unused: lastUsedAt, pending: record.iat }[kind];
  return at === undefined
    ? html`never, issued ${distance(record.iat, now)}`
    : html`${dayElement(at)} <span class="aside">${distance(at, now)}</span>`;
}

function clientOf(entry: AttentionEntry): Content {
  if (entry.about === 'token') return entry.row.view.record.client;
  return entry.about === 'client' ? entry.client.facts.client.id : undefined;
}

function liveTokens(entry: AttentionEntry): Content {
  return entry.about === 'client' ? entry.client.live : undefined;
}
