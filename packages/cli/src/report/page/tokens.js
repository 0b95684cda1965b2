/** The table of all tokens: searches, filters, sorts, and draws one page of rows at a time. */
const PAGE = 100;
const PRINTED = 1000;

/**
 * @typedef {{ client: string, jti: string, state: string, live: string, reason: string, issued: number, expires: number,
 *   liveUntil: number, used: number, scopes: string, note: string, attention: string, tone: string, kinds: string[],
 *   status: string, text: string }} Row
 */

/** What each column sorts by. @type {Record<string, (row: Row) => string | number>} */
const ORDERS = {
  client: (row) => row.client,
  jti: (row) => row.jti,
  state: (row) => row.state,
  live: (row) => row.live,
  reason: (row) => row.reason,
  issued: (row) => row.issued,
  expires: (row) => row.expires,
  liveUntil: (row) => row.liveUntil,
  used: (row) => row.used,
  scopes: (row) => row.scopes,
  note: (row) => row.note,
  attention: (row) => row.attention,
};

const data = document.getElementById('token-data');
const explorer = document.querySelector('.explorer');
const form = document.querySelector('form.filters');
const body = document.querySelector('table.all tbody');
const found = document.querySelector('.found');
const pageWords = document.querySelector('.pages .place');
if (data !== null && explorer instanceof HTMLElement && form instanceof HTMLFormElement) {
  const rows = readRows(data.textContent ?? '');
  let chosen = rows;
  let first = 0;
  let sortedBy = '';
  let direction = 1;

  /** @param {number} from @param {number} count */
  const draw = (from, count) => {
    body?.replaceChildren(...chosen.slice(from, from + count).map(lineOf));
    const last = Math.min(from + count, chosen.length);
    const all = chosen.length === rows.length ? '' : ` of ${rows.length}`;
    const shown = chosen.length === 0 ? 'no' : String(chosen.length);
    if (found !== null) found.textContent = `${shown}${all} ${chosen.length === 1 && all === '' ? 'token' : 'tokens'}`;
    if (pageWords !== null) pageWords.textContent = `${last === 0 ? 0 : from + 1} to ${last} of ${chosen.length}`;
    for (const button of document.querySelectorAll('.pages button')) {
      if (!(button instanceof HTMLButtonElement)) continue;
      button.disabled = button.dataset['page'] === '-1' ? from === 0 : last === chosen.length;
    }
  };

  const choose = () => {
    const values = new FormData(form);
    const wanted = (/** @type {string} */ name) => {
      const value = values.get(name);
      return typeof value === 'string' ? value : '';
    };
    const words = wanted('text')
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const [client, status, attention] = [wanted('client'), wanted('status'), wanted('attention')];
    chosen = rows.filter(
      (row) =>
        (client === '' || row.client === client) &&
        (status === '' || row.status === status) &&
        (attention === '' || (attention === '*' ? row.kinds.length > 0 : row.kinds.includes(attention))) &&
        words.every((word) => row.text.includes(word)),
    );
    const key = ORDERS[sortedBy];
    if (key !== undefined) chosen = chosen.toSorted((a, b) => direction * compare(key(a), key(b)));
    first = 0;
    draw(first, PAGE);
  };

  /** @param {string} column @param {HTMLButtonElement} button */
  const sortBy = (column, button) => {
    direction = sortedBy === column ? -direction : 1;
    sortedBy = column;
    for (const head of document.querySelectorAll('table.all th[aria-sort]')) head.removeAttribute('aria-sort');
    button.closest('th')?.setAttribute('aria-sort', direction === 1 ? 'ascending' : 'descending');
    choose();
  };

  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', choose);
  form.addEventListener('change', choose);
  form.addEventListener('reset', () => setTimeout(choose));
  explorer.addEventListener('click', ({ target }) => {
    if (!(target instanceof HTMLButtonElement)) return;
    const { sort, page } = target.dataset;
    if (sort !== undefined) sortBy(sort, target);
    if (page === undefined) return;
    first += Number(page) * PAGE;
    draw(first, PAGE);
    explorer.scrollIntoView({ block: 'start' });
  });
  addEventListener('beforeprint', () => draw(0, PRINTED));
  addEventListener('afterprint', () => draw(first, PAGE));
  explorer.hidden = false;
  choose();
}

/** @param {string | number} a @param {string | number} b */
function compare(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @param {string} text @returns {Row[]} */
function readRows(text) {
  /** @type {{ words: string[], rows: [string, ...number[]][] }} */
  const { words, rows } = JSON.parse(text);
  const word = (/** @type {number | undefined} */ index) => words[index ?? -1] ?? '';
  return rows.map(
    ([
      jti,
      client,
      state,
      life,
      reason,
      issued = 0,
      ttl = 0,
      until = 0,
      used = 0,
      scopes,
      note,
      attention,
      tone,
      kinds,
    ]) => {
      const row = {
        jti,
        client: word(client),
        state: word(state),
        live: life === 1 ? 'yes' : 'no',
        reason: word(reason),
        issued,
        expires: issued + ttl,
        liveUntil: issued + (until === 0 ? ttl : until),
        used: used === 0 ? 0 : issued + used,
        scopes: word(scopes),
        note: word(note),
        attention: word(attention),
        tone: word(tone),
        kinds: word(kinds)
          .split(' ')
          .filter((kind) => kind !== ''),
        status: life === 1 ? 'live' : life === 0 ? 'over' : word(state) === 'pending' ? 'pending' : 'stopped',
      };
      const searched = [row.client, jti, row.state, row.reason, row.scopes, row.note, row.attention];
      return { ...row, text: searched.join('\n').toLowerCase() };
    },
  );
}

/** @param {Row} row */
function lineOf(row) {
  const line = document.createElement('tr');
  const name = document.createElement('th');
  name.scope = 'row';
  name.textContent = row.client;
  line.append(
    name,
    cell(make('code', '', row.jti)),
    cell(row.state),
    cell(make('span', `status is-${row.tone}`, row.live)),
    cell(row.reason),
    cell(time(row.issued)),
    cell(time(row.expires)),
    cell(time(row.liveUntil)),
    cell(row.used === 0 ? '' : time(row.used)),
    cell(row.scopes),
    wideCell(make('bdi', '', row.note)),
    cell(
      ...row.attention
        .split(', ')
        .filter((kind) => kind !== '')
        .map((kind) => make('span', 'badge', kind)),
    ),
  );
  return line;
}

/** @param {(Node | string)[]} content */
function cell(...content) {
  const element = document.createElement('td');
  element.append(...content);
  return element;
}

/** @param {Node} content */
function wideCell(content) {
  const element = cell(content);
  element.className = 'wide';
  return element;
}

/** @param {string} name @param {string} style @param {string} text */
function make(name, style, text) {
  const element = document.createElement(name);
  if (style !== '') element.className = style;
  element.textContent = text;
  return element;
}

/** @param {number} seconds */
function time(seconds) {
  const element = document.createElement('time');
  element.dateTime = new Date(seconds * 1000).toISOString();
  element.title = `${element.dateTime.slice(0, 19).replace('T', ' ')} UTC`;
  element.textContent = element.dateTime.slice(0, 10);
  return element;
}
