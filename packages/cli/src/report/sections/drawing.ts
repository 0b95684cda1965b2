/** Time as SVG: axes, and bars for what lasted. Lengths are shares of the width, so that a drawing fits any page. */
import { html, type Markup } from '../html.ts';
import type { Phase } from '../life.ts';
import { percent, share, type TimeScale } from '../time-scale.ts';

/** What every drawing of one scale refers to by `name`: the lines of the months and of now, and the words above them. */
export function scaleSymbols(name: string, scale: TimeScale, now: number): Markup {
  const lines = scale.ticks.map(({ at }) => vertical(at, scale, 'month'));
  return html`<svg class="symbols" aria-hidden="true">
    <defs>
      <g id="${name}">${lines}${vertical(now, scale, 'now')}</g>
      <g id="${name}-words">${words(scale, now)}</g>
    </defs>
  </svg> `;
}

export function grid(name: string): Markup {
  return html`<use href="#${name}" />`;
}

function vertical(at: number, scale: TimeScale, kind: string): Markup {
  const x = percent(share(scale, at));
  return html`<line class="${kind}" x1="${x}" x2="${x}" y1="0" y2="100%" />`;
}

export function axis(name: string): Markup {
  return html`<svg class="axis" aria-hidden="true"><use href="#${name}-words" /></svg>`;
}

/** The head of a column of drawings: its name for those who hear it, the axis for those who see it. */
export function axisHead(name: string, title: string): Markup {
  return html`<span class="aside">${title}</span>${axis(name)}`;
}

/** Every second one steps aside where there is little room; all give way to the word for now. */
function words(scale: TimeScale, now: number): Markup {
  const here = share(scale, now);
  const shown = scale.ticks
    .map(({ at, label }) => ({ label, x: share(scale, at) }))
    .filter(({ label, x }) => label !== undefined && x < 0.94 && Math.abs(x - here) > 0.09);
  const months = shown.map(
    ({ label, x }, index) =>
      html`<text x="${percent(x)}" y="12" class="tick${index % 2 === 1 ? ' minor' : ''}">${label}</text>`,
  );
  const place = here > 0.9 ? 'here at-end' : 'here';
  return html`${months}<text x="${percent(here)}" y="12" class="${place}">now</text>`;
}

/** The parts of phases before now and after it: what was, and what is to come. */
export function bars(
  phases: readonly (Omit<Phase, 'kind'> & { readonly kind: string })[],
  scale: TimeScale,
  now: number,
): Markup[] {
  return phases.flatMap(({ kind, from, until }) => [
    ...(from < now ? [bar(kind, from, Math.min(until, now), scale)] : []),
    ...(until > now ? [bar(`${kind} ahead`, Math.max(from, now), until, scale)] : []),
  ]);
}

function bar(kind: string, from: number, until: number, scale: TimeScale): Markup {
  const [start, end] = [share(scale, from), share(scale, until)];
  if (end <= start && (until <= scale.from || from >= scale.until)) return html``;
  return html`<rect class="${kind}" x="${percent(start)}" width="${percent(Math.max(end - start, 0.003))}" />`;
}

/** A sign of the sprite at an instant; none where the scale does not reach. */
export function sign(name: string, at: number, scale: TimeScale): Markup | undefined {
  if (at < scale.from || at > scale.until) return undefined;
  return html`<use href="#${name}" x="${percent(share(scale, at))}" />`;
}

/** The signs that bars end in: told apart by shape, not by colour alone. */
export const SPRITE: Markup = html`<svg class="symbols" aria-hidden="true">
  <defs>
    <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class="hatch-ground" width="6" height="6" />
      <rect class="hatch-line" width="2.5" height="6" />
    </pattern>
    <pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse">
      <rect class="dots-ground" width="5" height="5" />
      <circle class="dots-dot" cx="2.5" cy="2.5" r="1.1" />
    </pattern>
    <g id="revoked">
      <path class="halo" d="M-4 6l8 8m0-8l-8 8" />
      <path class="sign-revoked" d="M-4 6l8 8m0-8l-8 8" />
    </g>
    <path id="ended" class="sign-ended" d="M0 4v12" />
    <path id="issued" class="sign-issued" d="M0 3v14" />
    <path id="soon" class="sign-soon" d="M0 3.5l5.5 6.5-5.5 6.5-5.5-6.5z" />
    <path id="leaves" class="sign-link" d="M0 15v20" />
    <path id="arrives" class="sign-link" d="M0-14v17m-3-4l3 4 3-4" />
  </defs>
</svg> `;
