/** Pages of token records by the end of their life, also from a registry file that was made before there were ends. */
import { endOfLife } from '../domain/liveness.ts';
import type { EpochSeconds, TokenRecord } from '../domain/records.ts';
import { parseTokenRecord } from '../domain/schema.ts';
import type { EndOrder } from '../ports/registry.ts';
import type { Connection, Documents } from './connection.ts';
import { PAGE } from './statements.ts';

export interface EndInterval extends EndOrder {
  readonly from: EpochSeconds;
  readonly until: EpochSeconds;
  /** The last record of the page before. */
  readonly last: TokenRecord | undefined;
}

/** What is asked for, but in the order of expiry: a registry of version 2 or older has an index of nothing else. */
const OF_OLD = `SELECT doc FROM token WHERE (exp, jti) > (?, ?)
  AND min(exp, doc ->> '$.liveUntil') >= ? AND min(exp, doc ->> '$.liveUntil') < ? ORDER BY exp, jti LIMIT ?`;
const HAS_ENDS = `SELECT name FROM pragma_table_xinfo('token') WHERE name = 'ends'`;

/** The next records that end in `from <= end < until`. */
export function pageByEnd(connection: Connection, interval: EndInterval, size: number): Documents<TokenRecord> {
  const { from, until, last, latestFirst = false } = interval;
  const page = (sql: string, ...values: readonly (number | string)[]): Documents<TokenRecord> =>
    connection.documents(parseTokenRecord, sql, ...values, size);
  // One that is only read is left as it is, and may be brought up to date by another process at any time.
  if (connection.texts(HAS_ENDS).length === 0) {
    return page(OF_OLD, last?.exp ?? from, last?.jti ?? '', from, until);
  }
  const [end, jti] = last === undefined ? [latestFirst ? until : from, ''] : [endOfLife(last), last.jti];
  return latestFirst ? page(PAGE.tokensByEndLatestFirst, end, jti, from) : page(PAGE.tokensByEnd, end, jti, until);
}
