/** The frame of the searchable table, which the page's script fills, a page at a time. */
import { ATTENTION_WORDS } from '../attention-words.ts';
import { usesNote } from '../../use-words.ts';
import { html, type Markup } from '../html.ts';
import type { Model, TokenRow } from '../model.ts';
import { section } from './parts.ts';
import { tableData } from './token-data.ts';

/** In the order in which they are shown; the script sorts by the members that are named here. */
const COLUMNS = [
  ['client', 'Client'],
  ['jti', 'Token'],
  ['state', 'State'],
  ['live', 'Live'],
  ['reason', 'Reason'],
  ['issued', 'Issued'],
  ['expires', 'Expires'],
  ['liveUntil', 'Live until'],
  ['used', 'Last used'],
  ['scopes', 'Scopes'],
  ['note', 'Note'],
  ['attention', 'Attention'],
] as const;

/** A list of more clients than this helps nobody: the search finds them. */
const CHOICES = 1_000;

export function tokens({ rows }: Model): Markup {
  if (rows.length === 0) {
    return section('tokens', 'All tokens', html`<p class="calm">No token was issued yet.</p>`);
  }
  const clients = [...new Set(rows.map(({ view }) => view.record.client))];
  return section(
    'tokens',
    'All tokens',
    html`<noscript
        ><p class="calm">
          This table needs scripts, which are off. The timeline above shows the tokens without;
          <span class="fix">apikey list --all</span> lists them all.
        </p></noscript
      >
      <div class="explorer" hidden>
        <form class="filters" role="search" aria-label="Tokens">
          <label
            >Search
            <input
              type="search"
              name="text"
              autocomplete="off"
              spellcheck="false"
              placeholder="client, id, note, scope, reason"
          /></label>
          ${clients.length > CHOICES ? undefined : clientChoice(clients)}
          <label
            >Status
            <select name="status">
              <option value="">any</option>
              <option value="live">live</option>
              <option value="pending">pending</option>
              <option value="stopped">not live now</option>
              <option value="over">over</option>
            </select></label
          >
          <label
            >Attention
            <select name="attention">
              <option value="">any</option>
              <option value="*">needs some</option>
              ${kindsOf(rows).map((kind) => html`<option value="${kind}">${ATTENTION_WORDS[kind].short}</option>`)}
            </select></label
          >
          <button type="reset">Show all</button>
        </form>
        <p class="found" role="status"></p>
        ${usesNote(rows.map(({ view }) => view)).map((note) => html`<p class="rest">${note}</p>`)}
        <div class="scroll">
          <table class="all">
            <caption>
              <span class="aside">All tokens</span>
            </caption>
            <thead>
              <tr>
                ${COLUMNS.map(([name, title]) => html`<th scope="col" class="col-${name}"><button type="button" data-sort="${name}">${title}</button></th>`)}
              </tr>
            </thead>
            <tbody></tbody>
          </table>
        </div>
        <nav class="pages" aria-label="Pages of the table">
          <button type="button" data-page="-1">Previous</button> <span class="place"></span>
          <button type="button" data-page="1">Next</button>
        </nav>
      </div>
      <script type="application/json" id="token-data">
        ${tableData(rows)}
      </script>`,
  );
}

function clientChoice(clients: readonly string[]): Markup {
  return html`<label
    >Client
    <select name="client">
      <option value="">any</option>
      ${clients.map((client) => html`<option>${client}</option>`)}
    </select></label
  >`;
}

function kindsOf(rows: readonly TokenRow[]): (keyof typeof ATTENTION_WORDS)[] {
  return [...new Set(rows.flatMap(({ view }) => view.attention))];
}
