/** The newest entries of the audit log: when, who, what, about what, and why. */
import type { AuditEvent, Json } from '@apikey/shared';
import { html, type Content, type Markup } from '../html.ts';
import type { Model } from '../model.ts';
import { free, id, section, table } from './parts.ts';

export function events({ facts }: Model): Markup {
  const { events: entries, eventLimit } = facts;
  if (entries === undefined) {
    return section('events', 'Recent events', html`<p class="calm">Left out, as asked for.</p>`);
  }
  if (entries.length === 0)
    return section('events', 'Recent events', html`<p class="calm">Nothing has happened yet.</p>`);
  const which = entries.length < eventLimit ? `All ${entries.length}` : `The newest ${entries.length}`;
  return section('events', 'Recent events', [
    html`<p>${which}, newest first. The whole log: <span class="fix">apikey audit</span></p>`,
    table<AuditEvent>(
      html`<span class="aside">Recent events</span>`,
      [
        {
          title: 'When (UTC)',
          cell: ({ at }) => html`<time datetime="${at}">${at.slice(0, 19).replace('T', ' ')}</time>`,
        },
        { title: 'Who', cell: ({ actor }) => free(actor) },
        { title: 'What', cell: whatOf },
        { title: 'Client or ring', cell: ({ aggregate }) => aggregate.replace(/^(?:client|ring):/, '') },
        {
          title: 'About',
          cell: ({ subject, aggregate }) => (aggregate.endsWith(`:${subject}`) ? undefined : id(subject)),
        },
        { title: 'Why', kind: 'wide', cell: (event) => free(reasonOf(event)) },
      ],
      entries,
    ),
  ]);
}

function whatOf({ action, detail }: AuditEvent): Content {
  const words = action.replace('.', ' ');
  if (action !== 'client.updated') return words;
  return html`${words} <span class="aside">${Object.keys(detail.after).join(', ')}</span>`;
}

function reasonOf({ detail }: AuditEvent): string | undefined {
  return text(detail.reason) ?? text(detail.after['reason']);
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
