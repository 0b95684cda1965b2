/** Writes to the table: one transaction per change, and the names of new buckets before it. */
import { PutItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import type { Change } from '../../domain/change.ts';
import { checkChange } from '../../domain/schema.ts';
import { ConflictError, UnavailableError } from '../../ports/errors.ts';
import { translateAwsError } from '../errors.ts';
import type { Session } from '../session.ts';
import { toAttributes } from './attributes.ts';
import { translateCancellation } from './commit-errors.ts';
import { bucketsOf, commitItems, countCommitItems, MAX_COMMIT_ITEMS } from './commit-items.ts';
import { aggregateOf, readEvent } from './items.ts';
import { eventKey, type Key } from './keys.ts';
import type { DynamoClient, TableReader } from './reads.ts';

/** The caller has waited for its commit's whole budget already. */
const SETTLE_MILLIS = 1_500;

export class TableWriter {
  readonly #session: Session<DynamoClient>;
  readonly #reader: TableReader;
  readonly #table: string;
  readonly #retention: number;
  /** Buckets that this handle has announced; each is announced once per process. */
  readonly #announced = new Set<string>();

  constructor(session: Session<DynamoClient>, reader: TableReader, table: string, retention: number) {
    this.#session = session;
    this.#reader = reader;
    this.#table = table;
    this.#retention = retention;
  }

  async commit(change: Change): Promise<void> {
    checkChange(change);
    const count = countCommitItems(change);
    if (count > MAX_COMMIT_ITEMS) {
      throw new TypeError(`a change of ${count} items: DynamoDB commits at most ${MAX_COMMIT_ITEMS}, so split it`);
    }
    // First, so that nothing is ever in a bucket that no report looks into. A crash in between leaves an empty one.
    await this.#announce(change);
    await this.#transact(change);
  }

  async #transact(change: Change): Promise<void> {
    const items = commitItems(this.#table, change, this.#retention);
    const expectations = items.map(({ expectation }) => expectation);
    const input = {
      TransactItems: items.map(({ write }) => write),
      // One for all attempts of this call: an attempt that was applied but not answered is recognised by the next.
      // It is not derived from the change, for two callers with the same change are a race that one of them loses.
      ClientRequestToken: randomUUID(),
    };
    let lost = false;
    try {
      await this.#session.run(
        {
          action: 'dynamodb:TransactWriteItems',
          resource: this.#table,
          write: true,
          translate: (error, situation) => {
            const failure = translateCancellation(error, expectations) ?? translateAwsError(error, situation);
            lost ||= failure instanceof UnavailableError && failure.outcome === 'unknown';
            return failure;
          },
        },
        (client, abortSignal) => client.send(new TransactWriteItemsCommand(input), { abortSignal }),
      );
    } catch (error) {
      if (!lost) throw error;
      await this.#settle(change, error);
    }
  }

  /** Finds out what became of a commit of which an attempt went unanswered; returns if it holds. */
  async #settle(change: Change, failure: unknown): Promise<void> {
    const certain = failure instanceof ConflictError;
    const applied = await this.#isApplied(change).catch(() => undefined);
    if (applied === true) return;
    // Somebody else's version stands where ours would: it was not applied, and never will be.
    if (applied === false && certain) throw failure;
    throw new UnavailableError('the answer to a change of the registry was lost', {
      why: 'it may or may not hold',
      fix: 'look at the state before you repeat it, for example with `apikey list`',
      outcome: 'unknown',
      cause: failure,
    });
  }

  /** Whether the change's last event stands in its chain, whatever was committed on top of it. */
  async #isApplied(change: Change): Promise<boolean> {
    const last = change.events.at(-1);
    if (last === undefined) return false;
    const item = await this.#reader.get(eventKey(aggregateOf(last), last.seq), AbortSignal.timeout(SETTLE_MILLIS));
    return item !== undefined && readEvent(item).hash === last.hash;
  }

  async #announce(change: Change): Promise<void> {
    const news = bucketsOf(change).filter(({ name }) => !this.#announced.has(name));
    await Promise.all(
      news.map(async ({ name, key }) => {
        await this.#put(key);
        this.#announced.add(name);
      }),
    );
  }

  async #put(key: Key): Promise<void> {
    const input = { TableName: this.#table, Item: toAttributes(key) };
    // Not `write`: to put the same item again changes nothing, so its outcome is never in doubt.
    await this.#session.run({ action: 'dynamodb:PutItem', resource: this.#table }, (client, abortSignal) =>
      client.send(new PutItemCommand(input), { abortSignal }),
    );
  }
}
