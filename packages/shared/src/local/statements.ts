/** What the local registry asks of SQLite; every statement is answered from an index. */

/** Point reads. `status` answers from one snapshot, as every single statement does. */
export const ONE = {
  status: `SELECT (SELECT doc FROM token WHERE client = ?1 AND jti = ?2) AS record,
    (SELECT doc FROM client WHERE id = ?1) AS client`,
  client: 'SELECT doc FROM client WHERE id = ?',
  token: 'SELECT doc FROM token WHERE client = ? AND jti = ?',
  anyToken: 'SELECT doc FROM token WHERE jti = ?',
  request: 'SELECT doc FROM request WHERE id = ?',
  ring: 'SELECT doc FROM ring WHERE name = ?',
  usage: 'SELECT doc FROM usage WHERE jti = ?',
} as const;

/** Each page begins behind the last item of the page before, so that page 1,000 costs what page 1 does. */
export const PAGE = {
  tokensOfClient: 'SELECT doc FROM token WHERE client = ? AND jti >= ? AND jti < ? ORDER BY jti LIMIT ?',
  tokensByJti: 'SELECT doc FROM token WHERE jti >= ? AND jti < ? ORDER BY jti LIMIT ?',
  tokensByEnd: 'SELECT doc FROM token WHERE (ends, jti) > (?, ?) AND ends < ? ORDER BY ends, jti LIMIT ?',
  tokensByEndLatestFirst: `SELECT doc FROM token WHERE (ends, jti) < (?, ?) AND ends >= ?
    ORDER BY ends DESC, jti DESC LIMIT ?`,
  requests: 'SELECT doc FROM request WHERE id > ? ORDER BY id LIMIT ?',
  // By the expression, so that it also works before the index of it is there.
  requestsOfClient: `SELECT doc FROM request WHERE doc ->> '$.client' = ? AND id > ? ORDER BY id LIMIT ?`,
  clients: 'SELECT doc FROM client WHERE id > ? ORDER BY id LIMIT ?',
  eventsOf: 'SELECT doc FROM event WHERE aggregate = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
  eventsByTime: `SELECT doc FROM event WHERE (at, aggregate, seq) > (?, ?, ?) AND at < ?
    ORDER BY at, aggregate, seq LIMIT ?`,
} as const;
