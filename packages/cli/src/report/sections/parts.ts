/** Small pieces that several sections show: statuses, badges, identifiers. */
import type { Attention } from '@apikey/shared';
import { ATTENTION_WORDS } from '../attention-words.ts';
import { html, type Content, type Markup } from '../html.ts';
import type { TokenStatus } from '../token-status.ts';

/** The style sheet puts the shape before the words. */
export function statusMark({ tone, word }: TokenStatus): Markup {
  return html`<span class="status is-${tone}">${word}</span>`;
}

export function badges(kinds: readonly Attention[]): Markup {
  return html`${kinds.map((kind) => html` <span class="badge">${ATTENTION_WORDS[kind].short}</span>`)}`;
}

/** Free text of somebody else: kept apart from the direction of what stands around it. */
export function free(text: string | undefined): Markup | undefined {
  return text === undefined || text === '' ? undefined : html`<bdi>${text}</bdi>`;
}

export function id(text: string): Markup {
  return html`<code>${text}</code>`;
}

/** A section under its heading, which is its name. */
export function section(name: string, title: string, body: Content): Markup {
  return html`<section id="${name}" aria-labelledby="${name}-title">
    <h2 id="${name}-title">${title}</h2>
    ${body}
  </section> `;
}

export interface Column<T> {
  readonly title: Content;
  /** Absent where a row has none; the first column names the row. */
  readonly cell: (item: T) => Content;
  readonly kind?: 'wide' | 'lane' | 'number' | 'from' | 'to';
}

/**
 * A table that scrolls sideways within itself where it is too wide. One with drawings is laid out otherwise on narrow
 * screens, which browsers take for a table no more unless its parts say what they are.
 */
export function table<T>(caption: Content, columns: readonly Column<T>[], items: readonly T[]): Markup {
  const drawn = columns.some(({ kind }) => kind === 'lane');
  const role = (name: string): Markup | undefined => (drawn ? html` role="${name}"` : undefined);
  const kind = ({ kind: name }: Column<T>): Markup | undefined =>
    name === undefined ? undefined : html` class="${name}"`;
  const heads = columns.map(
    (column) => html`<th scope="col" ${role('columnheader')}${kind(column)}>${column.title}</th>`,
  );
  const rows = items.map((item) => {
    const [first, ...others] = columns;
    const cells = others.map((column) => html`<td${role('cell')}${kind(column)}>${column.cell(item)}</td>`);
    return html`<tr${role('row')}><th scope="row"${role('rowheader')}>${first?.cell(item)}</th>${cells}</tr>\n`;
  });
  return html`<div class="scroll"><table${role('table')}${drawn ? html` class="drawn"` : undefined}><caption>${caption}</caption><thead${role('rowgroup')}><tr${role('row')}>${heads}</tr></thead><tbody${role('rowgroup')}>${rows}</tbody></table></div>`;
}
