/** Works through many items one by one: goes on after one failed, shows how far it is, and sums up. */
import { ApikeyError, type ErrorCode } from '@apikey/shared';
import type { Context } from './context.ts';
import { counted } from './counted.ts';
import { failureOf, type Failure } from './failure.ts';
import { isInteractive } from './terminal/confirm.ts';

/** What would meet every item that follows as well. */
const ENDING: ReadonlySet<ErrorCode> = new Set([
  'ACCESS_DENIED',
  'CREDENTIALS_MISSING',
  'KEY_PASSPHRASE',
  'UNAVAILABLE',
  'THROTTLED',
  'STORE_FULL',
  'STORE_DAMAGED',
  'OUTPUT_FAILED',
]);
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
export async function workThrough<Item>(
  bulk: BulkWork<Item>,
  { io, terminal, inputAllowed, onInterrupt }: Context,
): Promise<void> {
  const { items, done } = bulk;
  const shown = isInteractive(io, terminal, inputAllowed);
  const failures: string[] = [];
  let tried = 0;
  for (const item of items) {
    const fine = tried - failures.length;
    if (shown) terminal.status(`${tried + 1}/${items.length}  ${bulk.name(item)}`);
    onInterrupt({ why: `${fine} of ${counted(items.length, 'token')} were ${done}`, fix: bulk.fix });
    tried += 1;
    try {
      await bulk.work(item);
    } catch (error) {
      if (!(error instanceof ApikeyError)) throw error;
      const failure = await failureOf(error);
      failures.push(`${bulk.name(item)}: ${failure.message} (${failure.code})`);
      tell(bulk, item, failure, terminal);
      if (ENDING.has(error.code)) break;
    }
  }
  if (failures.length > 0) throw partial(bulk, failures, items.length - tried);
}

function tell<Item>(bulk: BulkWork<Item>, item: Item, failure: Failure, terminal: Context['terminal']): void {
  const { code, message, why = null, fix = null, retryable } = failure;
  if (terminal.json) terminal.print(JSON.stringify(bulk.failureJson(item, { code, message, why, fix, retryable })));
  terminal.warn(
    `${terminal.aside.red('failed')}  ${bulk.name(item)}: ${message}${why === null ? '' : `; ${why}`} (${code})`,
  );
}

function partial<Item>(
  { items, done, fix }: BulkWork<Item>,
  failures: readonly string[],
  untried: number,
): ApikeyError {
  const missing = failures.length + untried;
  const rest = failures.length > NAMED ? `; and ${failures.length - NAMED} more` : '';
  const stopped = untried === 0 ? '' : `; ${untried} were not tried, since the same would have happened`;
  return new ApikeyError('BULK_PARTIAL', `${missing} of ${counted(items.length, 'token')} were not ${done}`, {
    why: failures.slice(0, NAMED).join('; ') + rest + stopped,
    fix,
  });
}
