/** The reads by primary key, all strongly consistent: everything that an authorizer does with the table. */
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { InvalidValueError } from '../../domain/errors.ts';
import { ThrottledError, UnavailableError } from '../../ports/errors.ts';
import {
  AUTHORIZER,
  clientSettings,
  INTERACTIVE,
  withoutLog,
  type AwsTarget,
  type ClientSettings,
  type Timing,
} from '../client-settings.ts';
import { SKEW_STEP, watchSkew, type SkewWatch } from '../clock-skew.ts';
import { Session } from '../session.ts';
import { toAttributes, type Item } from './attributes.ts';
import type { Key } from './keys.ts';

/** What is needed of a client: any `DynamoDBClient` is one. */
export type DynamoClient = Pick<DynamoDBClient, 'send' | 'destroy' | 'config'>;

/** `onSkew` is told by how much each answer shows `clock`, the local one, to be off. */
export interface DynamoTarget extends AwsTarget, SkewWatch {
  readonly table: string;
  /** Made elsewhere, with settings of its own; it is not destroyed here, and `region` and `profile` do not matter. */
  readonly client?: DynamoClient;
  readonly timing?: Timing;
}

/** Keys that one BatchGetItem takes. */
const MAX_BATCH = 100;
const BATCHES_AT_ONCE = 8;

const TABLE_NAME = /^[A-Za-z0-9_.-]{3,255}$/;

/** Throws `InvalidValueError` (`CONFIG_INVALID`) for a name that no table can have. */
export function dynamoSession(target: DynamoTarget): Session<DynamoClient> {
  if (!TABLE_NAME.test(target.table)) throw invalidName();
  const make = (settings: ClientSettings): DynamoDBClient => {
    const client = new DynamoDBClient(settings);
    // Not for authorizers: their clients are shared, and theirs is not the time that matters.
    if (target.onSkew !== undefined) client.middlewareStack.add(watchSkew(target), SKEW_STEP);
    return client;
  };
  return new Session<DynamoClient>(make, { timing: INTERACTIVE, ...target });
}

/** A client with an authorizer's limits, for the adapters of one process to share its connections. */
export function authorizerClient(target: AwsTarget = {}): DynamoClient {
  return withoutLog(new DynamoDBClient(clientSettings(target, AUTHORIZER)));
}

export class TableReader {
  readonly #session: Session<DynamoClient>;
  readonly #table: string;

  constructor(session: Session<DynamoClient>, table: string) {
    this.#session = session;
    this.#table = table;
  }

  async get(key: Key, signal?: AbortSignal): Promise<Item | undefined> {
    const input = { TableName: this.#table, Key: toAttributes(key), ConsistentRead: true };
    const { Item } = await this.#session.run(
      { action: 'dynamodb:GetItem', resource: this.#table, signal },
      (client, abortSignal) => client.send(new GetItemCommand(input), { abortSignal }),
    );
    return Item;
  }

  /** The items that exist of any number of keys, in as many round trips as it takes, several at a time. */
  async getMany(keys: readonly Key[]): Promise<Item[]> {
    // DynamoDB takes no key twice.
    const wanted = [...new Map(keys.map((key) => [`${key.pk} ${key.sk}`, key])).values()];
    const found: Item[] = [];
    for (let from = 0; from < wanted.length; from += MAX_BATCH * BATCHES_AT_ONCE) {
      const round = wanted.slice(from, from + MAX_BATCH * BATCHES_AT_ONCE);
      const batches = Array.from({ length: Math.ceil(round.length / MAX_BATCH) }, (_, n) =>
        round.slice(n * MAX_BATCH, (n + 1) * MAX_BATCH),
      );
      const answers = await Promise.all(batches.map((batch) => this.getAll(batch)));
      found.push(...answers.flat());
    }
    return found;
  }

  /**
   * The items that exist, in one round trip. Each is as of one instant, though not all of the same (BatchGetItem is
   * read-committed as a unit). What DynamoDB leaves unprocessed is asked for again, and is a `ThrottledError` in the
   * end: never absent.
   */
  async getAll(keys: readonly Key[], signal?: AbortSignal): Promise<Item[]> {
    const request = { Keys: keys.map(toAttributes), ConsistentRead: true };
    return this.#session.run(
      { action: 'dynamodb:BatchGetItem', resource: this.#table, signal },
      async (client, abortSignal) => {
        const command = new BatchGetItemCommand({ RequestItems: { [this.#table]: request } });
        const { Responses, UnprocessedKeys } = await client.send(command, { abortSignal });
        if (Object.values(UnprocessedKeys ?? {}).some(({ Keys }) => Keys?.length !== 0)) throw unprocessed();
        // The SDK reads an empty body as an answer without members; DynamoDB always names the table.
        if (Responses === undefined) throw noContent();
        return Object.values(Responses).flat();
      },
    );
  }
}

function invalidName(): InvalidValueError {
  return new InvalidValueError('CONFIG_INVALID', 'this is not the name of a DynamoDB table', {
    why: 'a table name has 3 to 255 characters of A-Z, a-z, 0-9, dot, underscore and hyphen',
    fix: 'write the registry as dynamodb:apikey-prod, with the name of your table',
  });
}

function noContent(): UnavailableError {
  return new UnavailableError('something answered that is not AWS', {
    why: 'an answer without content (dynamodb:BatchGetItem)',
    fix: 'check AWS_ENDPOINT_URL, and the proxy or sign-in page of your network',
  });
}

function unprocessed(): ThrottledError {
  return new ThrottledError('the registry: AWS limits the requests', {
    why: 'UnprocessedKeys (dynamodb:BatchGetItem)',
    fix: 'try again in a moment; if it goes on, look at the quotas and limits of the account',
  });
}
