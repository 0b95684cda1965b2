/** Instants in the words of the report: UTC throughout, days where days are meant. */
import { formatSeconds, type EpochSeconds } from '@apikey/shared';
import { html, type Markup } from './html.ts';

/** `2027-02-01` */
export function day(at: EpochSeconds): string {
  return formatSeconds(Math.floor(at)).slice(0, 10);
}

/** `2027-02-01 09:30` */
function minute(at: EpochSeconds): string {
  return formatSeconds(Math.floor(at)).slice(0, 16).replace('T', ' ');
}

export function dayElement(at: EpochSeconds): Markup {
  return html`<time datetime="${formatSeconds(Math.floor(at))}">${day(at)}</time>`;
}

export function minuteElement(at: EpochSeconds): Markup {
  return html`<time datetime="${formatSeconds(Math.floor(at))}">${minute(at)}</time>`;
}
