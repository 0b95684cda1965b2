/** The top of the report: which environment, when, made by what, and the whole in a few numbers. */
import { counted } from '../../counted.ts';
import { EMBEDDED_CAUTION } from '../../environment-words.ts';
import { minuteElement } from '../dates.ts';
import { grouped } from '../grouped.ts';
import { html, type Markup } from '../html.ts';
import type { Model } from '../model.ts';

export function head(model: Model): Markup {
  const { facts, totals } = model;
  const { environment } = facts;
  return html`<header class="head">
    <div class="heading">
      <p class="kicker">API token report</p>
      <h1>Environment ${environment.name}</h1>
      <p class="made">As of ${minuteElement(facts.now)} UTC, made by apikey ${facts.version}</p>
    </div>
    <fieldset class="theme" hidden>
      <legend>Colours</legend>
      <label><input type="radio" name="theme" value="" checked /> System</label>
      <label><input type="radio" name="theme" value="light" /> Light</label>
      <label><input type="radio" name="theme" value="dark" /> Dark</label>
    </fieldset>
    <dl class="facts">
      <div>
        <dt>Issuer</dt>
        <dd>${environment.issuer}</dd>
      </div>
      <div>
        <dt>Audience</dt>
        <dd>${environment.audience}</dd>
      </div>
      <div>
        <dt>Registry</dt>
        <dd>${environment.registry}</dd>
      </div>
      <div>
        <dt>Signing keys</dt>
        <dd>
          ${environment.keys}${environment.embedded ? html` <span class="aside">(${EMBEDDED_CAUTION})</span>` : undefined}
        </dd>
      </div>
    </dl>
    <dl class="totals">
      ${total('live tokens', totals.live, totals.live > 0 ? 'live' : undefined)} ${total('pending', totals.pending)}
      ${total('over', totals.over)} ${total('clients', totals.clients)}
      ${total('need attention', attentionCount(model), attentionCount(model) > 0 ? 'warn' : undefined)}
      ${auditTotal(model)}
    </dl>
    ${
      model.leftOut.length === 0
        ? undefined
        : html`<ul class="left-out">
            ${model.leftOut.map((sentence) => html`<li>${sentence}</li>`)}
          </ul>`
    }
  </header> `;
}

function total(label: string, value: number | string, tone?: string): Markup {
  return html`<div class="total${tone === undefined ? undefined : html` tone-${tone}`}">
    <dt>${label}</dt>
    <dd>${typeof value === 'number' ? grouped(value) : value}</dd>
  </div>`;
}

function auditTotal({ facts: { audit } }: Model): Markup {
  if (audit.findings.length > 0)
    return total(counted(audit.findings.length + audit.moreFindings, 'audit finding'), 'broken', 'bad');
  return audit.chains === 0
    ? total('audit chains', 0)
    : total(counted(audit.chains, 'audit chain'), 'verified', 'good');
}

/** Each finding once, whatever it is about. */
function attentionCount({ attention, facts: { audit } }: Model): number {
  return attention.reduce((sum, { count }) => sum + count, audit.findings.length + audit.moreFindings);
}
