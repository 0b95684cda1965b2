/** The key ring: each signing key's states over time, and what depends on it. */
import type { KeyView, RingKey } from '@apikey/shared';
import { counted } from '../../counted.ts';
import { day, dayElement } from '../dates.ts';
import { html, type Markup } from '../html.ts';
import type { Model } from '../model.ts';
import { timeScale, type TimeScale } from '../time-scale.ts';
import { axisHead, bars, grid, scaleSymbols, sign } from './drawing.ts';
import { badges, id, section, table } from './parts.ts';

const GRID = 'key-grid';
const MONTH = 31 * 86_400;

export function keys({ facts: { keys: views, now } }: Model): Markup {
  if (views.length === 0) {
    return section('keys', 'Key ring', html`<p class="calm">There is no signing key yet.</p>`);
  }
  const from = Math.min(now - 2 * MONTH, ...views.map(({ key }) => key.createdAt));
  const scale = timeScale(from, now + MONTH / 2);
  return section('keys', 'Key ring', [
    scaleSymbols(GRID, scale, now),
    html`<p>
        A pending key signs nothing yet, the active one signs every new token, a retiring one is still accepted, a
        retired or revoked one is not.
      </p>
      <ul class="legend" aria-label="How to read the key ring">
        <li>
          <svg aria-hidden="true"><rect class="pending" x="0" width="100%" /></svg> pending
        </li>
        <li>
          <svg aria-hidden="true"><rect class="live" x="0" width="100%" /></svg> active
        </li>
        <li>
          <svg aria-hidden="true"><rect class="grace" x="0" width="100%" /></svg> retiring
        </li>
        <li>
          <svg aria-hidden="true"><rect class="retired" x="0" width="100%" /></svg> retired
        </li>
        <li>
          <svg aria-hidden="true">
            <rect class="live" x="0" width="75%" />
            <use href="#revoked" x="75%" />
          </svg>
          revoked
        </li>
      </ul> `,
    table<KeyView>(
      html`<span class="aside">${counted(views.length, 'signing key')}</span>`,
      [
        { title: 'Key', cell: ({ key }) => id(key.kid) },
        { title: 'Algorithm', cell: ({ key }) => key.alg },
        {
          title: 'State',
          cell: ({ key, attention }) =>
            html`<span class="status is-${TONES[key.state]}">${key.state}</span>${badges(attention)}`,
        },
        { title: 'Created', kind: 'from', cell: ({ key }) => dayElement(key.createdAt) },
        { title: 'Live tokens', kind: 'number', cell: ({ liveTokens }) => liveTokens },
        { title: axisHead(GRID, 'States over time'), kind: 'lane', cell: ({ key }) => stateLine(key, scale, now) },
      ],
      views,
    ),
  ]);
}

const TONES: Readonly<Record<RingKey['state'], string>> = {
  pending: 'pending',
  active: 'live',
  retiring: 'grace',
  retired: 'ended',
  revoked: 'revoked',
};

function stateLine(key: RingKey, scale: TimeScale, now: number): Markup {
  const { createdAt, activatedAt, retiringAt, retiredAt, revokedAt } = key;
  const over = revokedAt ?? now;
  const phases = [
    { kind: 'pending', from: createdAt, until: activatedAt ?? over },
    { kind: 'live', from: activatedAt, until: retiringAt ?? over },
    { kind: 'grace', from: retiringAt, until: retiredAt ?? over },
    { kind: 'retired', from: retiredAt, until: over },
  ].flatMap(({ kind, from, until }) => (from === undefined || from >= until ? [] : [{ kind, from, until }]));
  return html`<svg class="life" role="img">
    <title>${stateWords(key)}</title>
    ${grid(GRID)}${bars(phases, scale, now)}${sign('issued', createdAt, scale)}${
      revokedAt === undefined ? undefined : sign('revoked', revokedAt, scale)
    }
  </svg>`;
}

function stateWords({ createdAt, activatedAt, retiringAt, retiredAt, revokedAt }: RingKey): string {
  const moments = {
    created: createdAt,
    active: activatedAt,
    retiring: retiringAt,
    retired: retiredAt,
    revoked: revokedAt,
  };
  return Object.entries(moments)
    .flatMap(([name, at]) => (at === undefined ? [] : [`${name} ${day(at)}`]))
    .join(', ');
}
