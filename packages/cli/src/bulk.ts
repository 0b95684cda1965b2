/** Works through many items one by one: goes on after one failed, shows how far it is, and sums up. */
import { ApikeyError, meetsEveryItem } from '@apikey/shared';
import type { Context } from './context.ts';
import { counted } from './counted.ts';
import { failureOf, type Failure } from './failure.ts';
import { progress } from './terminal/progress.ts';
import { jsonText, printable } from './terminal/printable.ts';

/** How many failures the closing error names; each was told when it happened. */
const NAMED = 3;

export interface BulkWork<Item> {
  readonly items: readonly Item[];
  /** What is done to them: `rotated`. */
  readonly done: string;
  readonly work: (item: Item) => Promise<void>;
  /** The item in a few words. */
  readonly name: (item: Item) => string;
  /** Tells of an item that failed where JSON is printed. */
  readonly failureJson: (item: Item, error: object) => object;
  /** What helps after some failed. */
  readonly fix: string;
}

/** Resolves once every item is done; throws `BULK_PARTIAL` at the end if one was not. */
export async function workThrough<Item>(bulk: BulkWork<Item>, context: Context): Promise<void> {
  const { items, done } = bulk;
  const { terminal, onInterrupt } = context;
  const bar = progress(done, items.length, context);
  const failures: string[] = [];
  let tried = 0;
  for (const item of items) {
    const fine = tried - failures.length;
    onInterrupt({ why: `${fine} of ${counted(items.length, 'token')} were ${done}`, fix: bulk.fix });
    tried += 1;
    try {
      await bulk.work(item);
    } catch (error) {
      if (!(error instanceof ApikeyError)) throw error;
      const failure = await failureOf(error);
      failures.push(`${bulk.name(item)}: ${failure.message} (${failure.code})`);
      tell(bulk, item, failure, terminal);
      if (meetsEveryItem(error.code)) break;
    }
    bar.advance();
  }
  if (failures.length > 0)
    throw bulkFailed({ failures, untried: items.length - tried, total: items.length, done, fix: bulk.fix });
}

function tell<Item>(bulk: BulkWork<Item>, item: Item, failure: Failure, terminal: Context['terminal']): void {
  const { code, message, why = null, fix = null, retryable } = failure;
  if (terminal.json) terminal.print(jsonText(bulk.failureJson(item, { code, message, why, fix, retryable })));
  terminal.warn(failedLine(bulk.name(item), failure, terminal));
}

/** What is told of one item that failed, when it does. */
export function failedLine(
  name: string,
  { message, why, code }: Pick<Failure, 'message' | 'why' | 'code'>,
  { aside }: Context['terminal'],
): string {
  return `${aside.red('failed')}  ${printable(`${name}: ${message}${why === undefined ? '' : `; ${why}`} (${code})`)}`;
}

/** How work on many items ends when some failed. */
export interface BulkEnd {
  /** One text for each item that failed. */
  readonly failures: readonly string[];
  readonly untried: number;
  readonly total: number;
  readonly done: string;
  readonly fix: string;
}

export function bulkFailed({ failures, untried, total, done, fix }: BulkEnd): ApikeyError {
  const missing = failures.length + untried;
  const rest = failures.length > NAMED ? `; and ${failures.length - NAMED} more` : '';
  const stopped = untried === 0 ? '' : `; ${untried} were not tried, since the same would have happened`;
  return new ApikeyError('BULK_PARTIAL', `${missing} of ${counted(total, 'token')} were not ${done}`, {
    why: failures.slice(0, NAMED).join('; ') + rest + stopped,
    fix,
  });
}
