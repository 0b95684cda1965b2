/** Whether the audit log holds together. */
import { counted } from '../../counted.ts';
import { html, type Markup } from '../html.ts';
import type { Model } from '../model.ts';
import { section, table } from './parts.ts';

/** More are counted: `apikey audit verify` has them all. */
const LISTED = 100;

export function audit({ facts: { audit: found } }: Model): Markup {
  const { chains, events, findings, moreFindings } = found;
  if (chains === 0) return section('audit', 'Audit log', html`<p class="calm">There is nothing to verify yet.</p>`);
  if (findings.length === 0) {
    return section(
      'audit',
      'Audit log',
      html`<p>
          <span class="status is-live">verified</span> ${counted(chains, 'chain')} with ${counted(events, 'event')}:
          every event has the hash that it was written with and names the one before it, none is missing, and what is
          stored is what they led to.
        </p>
        <p>
          Whether the log was replaced as a whole, only a seal that is kept elsewhere can tell:
          <span class="fix">apikey audit seal</span>
        </p>`,
    );
  }
  const rest = moreFindings + Math.max(0, findings.length - LISTED);
  return section('audit', 'Audit log', [
    html`<p>
      <span class="status is-revoked">broken</span> ${counted(findings.length + moreFindings, 'finding')} in
      ${counted(chains, 'chain')} with ${counted(events, 'event')}. The same by hand:
      <span class="fix">apikey audit verify</span>
    </p>`,
    table(
      html`<span class="aside">Findings of the audit log</span>`,
      [
        { title: 'Chain', cell: ({ aggregate }) => aggregate },
        { title: 'Finding', kind: 'wide', cell: ({ what }) => what },
      ],
      findings.slice(0, LISTED),
    ),
    rest === 0 ? undefined : html`<p class="rest">and ${rest} more</p>`,
  ]);
}
