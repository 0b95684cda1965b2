/**
 * Preloaded into a run of the command (`--import`): notes what it writes to SQLite, transaction by transaction, and
 * leaves it as JSON in the file that `APIKEY_BENCH_WRITES` names. Statements that only read are not noted.
 */
import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** The statements of one transaction, with their values. */
export type Transaction = readonly (readonly [sql: string, ...values: string[]])[];

const file = process.env['APIKEY_BENCH_WRITES'];
if (file !== undefined) record(file);

function record(path: string): void {
  const transactions: Transaction[] = [];
  let open: [string, ...string[]][] = [];
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql) {
    exec.call(this, sql);
    if (sql.startsWith('BEGIN')) open = [];
    else if (sql === 'COMMIT' && open.length > 0) transactions.push(open);
  };
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const { prepare } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql);
    if (!/^(?:INSERT|UPDATE|DELETE)/.test(sql)) return statement;
    const run = statement.run.bind(statement);
    statement.run = (...values: unknown[]) => {
      open.push([sql, ...values.map(textOf)]);
      return run(...values.map(textOf));
    };
    return statement;
  };
  process.on('exit', () => writeFileSync(path, JSON.stringify(transactions)));
}

/** The registry stores texts, and finds what it changes by texts. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('a value that is no text');
}
