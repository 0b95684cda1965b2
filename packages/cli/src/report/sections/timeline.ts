/** Every token's life, client by client: a strip for the client as a whole, and under it a line for each token. */
import { counted } from '../../counted.ts';
import { distance } from '../../terminal/distance.ts';
import { day, dayElement } from '../dates.ts';
import { html, type Content, type Markup } from '../html.ts';
import { mergedLives } from '../life.ts';
import type { DrawnClient, Lane, Model } from '../model.ts';
import type { TimeScale } from '../time-scale.ts';
import { axis, axisHead, bars, grid, scaleSymbols, sign } from './drawing.ts';
import { badges, free, section, statusMark, table } from './parts.ts';

/** With more lines than this, clients are closed until somebody opens them. */
const OPEN_LANES = 40;
/** Ends that a client's strip marks; more would be a smear. */
const MARKED = 12;
const GRID = 'grid';

export function timeline(model: Model): Markup {
  const { drawn, scale, facts } = model;
  if (drawn.length === 0) {
    return section('timeline', 'Timeline', html`<p class="calm">No client has a token yet.</p>`);
  }
  const lanes = drawn.reduce((sum, client) => sum + client.lanes.length, 0);
  const open = lanes <= OPEN_LANES;
  const drawing = { scale, now: facts.now };
  return section('timeline', 'Timeline', [
    scaleSymbols(GRID, scale, facts.now),
    html`<p>
        Each client’s strip shows when at least one of its tokens was live; opened, it has a line for each token. All
        times are UTC.
      </p>
      ${LEGEND}
      <p class="controls" hidden>
        <button type="button" data-open="all">Open all clients</button>
        <button type="button" data-open="none">Close all clients</button>
      </p>
      <div class="strip-head" aria-hidden="true"><span>Client</span>${axis(GRID)}</div> `,
    drawn.map((client) => clientOf(client, open, drawing)),
  ]);
}

interface Drawing {
  readonly scale: TimeScale;
  readonly now: number;
}

const LEGEND: Markup = html`<ul class="legend" aria-label="How to read the timeline">
  <li>
    <svg aria-hidden="true">
      <rect class="live" x="0" width="55%" />
      <rect class="live ahead" x="55%" width="45%" />
    </svg>
    live, and to come
  </li>
  <li>
    <svg aria-hidden="true"><rect class="grace" x="0" width="100%" /></svg> grace: replaced, still live
  </li>
  <li>
    <svg aria-hidden="true"><rect class="pending" x="0" width="100%" /></svg> pending
  </li>
  <li>
    <svg aria-hidden="true"><rect class="stopped" x="0" width="100%" /></svg> denied: client suspended
  </li>
  <li>
    <svg aria-hidden="true">
      <rect class="live" x="0" width="75%" />
      <use href="#revoked" x="75%" />
    </svg>
    revoked
  </li>
  <li>
    <svg aria-hidden="true">
      <rect class="live" x="0" width="75%" />
      <use href="#ended" x="75%" />
    </svg>
    ended by time
  </li>
  <li>
    <svg aria-hidden="true"><use href="#soon" x="50%" /></svg> expiring soon
  </li>
</ul> `;

function clientOf(drawn: DrawnClient, open: boolean, drawing: Drawing): Markup {
  const { client } = drawn.facts;
  return html`<details class="client" ${open ? html` open` : undefined}>
    <summary>
      <span class="who"
        ><h3>${client.id}</h3>
        ${client.state === 'suspended' ? html` <span class="status is-stopped">suspended</span>` : undefined}${badges(drawn.attention)}
        <span class="aside">${drawn.live} live of ${drawn.rows.length}</span></span
      >
      ${strip(drawn, drawing)}
    </summary>
    ${details(drawn)} ${drawn.lanes.length === 0 ? undefined : lanesTable(drawn, drawing)} ${restWords(drawn)}
  </details> `;
}

function restWords({ facts, rows, lanes }: DrawnClient): Markup | undefined {
  const rest = rows.length - lanes.length;
  if (rest === 0) return undefined;
  return html`<p class="rest">
    ${lanes.length === 0 ? '' : 'and '}${counted(rest, lanes.length === 0 ? 'token' : 'more token')}, merged into the
    strip above<span class="more" data-client="${facts.client.id}"></span>
  </p>`;
}

function details({ facts: { client } }: DrawnClient): Markup {
  const facts: readonly (readonly [string, Content])[] = [
    ['Contact', free(client.contact)],
    ['Owner', free(client.owner)],
    ['Purpose', free(client.purpose)],
    ['Scopes', client.scopes?.join(' ')],
    ['Networks', client.cidrs?.join(' ')],
    ['Since', dayElement(client.createdAt)],
  ];
  const shown = facts.filter(([, value]) => value !== undefined);
  return html`<dl class="facts">
    ${shown.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function strip({ facts, rows, live }: DrawnClient, { scale, now }: Drawing): Markup {
  const lives = rows.map(({ life }) => life);
  const ends = lives.filter(({ end }) => end.kind === 'revoked');
  const next = Math.min(...rows.filter(({ view }) => view.live).map(({ life }) => life.end.at));
  const soon = rows.filter(({ view }) => view.attention.includes('expiring'));
  const words = `${facts.client.id}: ${counted(live, 'live token')} of ${rows.length}, ${ends.length} revoked${
    live === 0 ? '' : `, the next ends ${day(next)}`
  }`;
  return html`<svg class="life" role="img">
    <title>${words}</title>
    ${grid(GRID)}${bars(mergedLives(lives), scale, now)}${ends
      .slice(-MARKED)
      .map(({ end }) =>
        sign('revoked', end.at, scale),
      )}${soon.slice(0, MARKED).map(({ life }) => sign('soon', life.end.at, scale))}
  </svg>`;
}

function lanesTable({ facts, lanes }: DrawnClient, drawing: Drawing): Markup {
  const followed = new Set(lanes.filter(({ follows }) => follows).map(({ view }) => view.record.replaces));
  return table<Lane>(
    html`<span class="aside">Tokens of ${facts.client.id}</span>`,
    [
      {
        title: 'Token',
        cell: ({ view }) => html`<code title="${view.record.jti}">${view.record.jti.slice(0, 8)}</code>`,
      },
      { title: 'Status', cell: ({ status, view }) => html`${statusMark(status)}${badges(view.attention)}` },
      { title: 'Issued', kind: 'from', cell: ({ view }) => dayElement(view.record.iat) },
      { title: 'Ends', kind: 'to', cell: ({ life }) => dayElement(life.end.at) },
      { title: 'Note', kind: 'wide', cell: ({ view }) => free(view.record.note) },
      {
        title: axisHead(GRID, 'Life'),
        kind: 'lane',
        cell: (lane) => lifeLine(lane, followed.has(lane.view.record.jti), drawing),
      },
    ],
    lanes,
  );
}

function lifeLine({ view, life, follows }: Lane, followed: boolean, { scale, now }: Drawing): Markup {
  const { record, attention } = view;
  const ending = life.end.kind === 'revoked' ? 'revoked' : 'ended';
  const linkAt = life.rotatedAt ?? life.end.at;
  return html`<svg class="life" role="img">
    <title>${lifeWords(record.iat, life, now)}</title>
    ${grid(GRID)}${
      followed ? sign('leaves', linkAt, scale) : undefined
    }${follows ? sign('arrives', record.iat, scale) : undefined}${bars(life.phases, scale, now)}${sign('issued', record.iat, scale)}${sign(ending, life.end.at, scale)}${
      attention.includes('expiring') ? sign('soon', life.end.at, scale) : undefined
    }
  </svg>`;
}

function lifeWords(issuedAt: number, { end, rotatedAt }: Lane['life'], now: number): string {
  const verbs = { revoked: 'revoked', ended: 'ended', 'to come': 'ends' };
  return [
    `issued ${day(issuedAt)}`,
    ...(rotatedAt === undefined ? [] : [`replaced ${day(rotatedAt)}`]),
    `${verbs[end.kind]} ${day(end.at)} (${distance(end.at, now)})`,
  ].join(', ');
}
