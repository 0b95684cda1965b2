/**
 * Seals in the table of their environment: `SEALS#<name>` / `<part>` holds the parts, since an item has at most 400 KB,
 * and `SEALS#LIST` / `<name>` says that all of them are there. A name begins with the time of its seal.
 */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { sha256Hex } from '../../jose/digest.ts';
import { InvalidStateError } from '../../ports/errors.ts';
import type { SealStore } from '../../ports/seal-store.ts';
import type { Session } from '../session.ts';
import { fromAttributes, toAttributes, type Item } from './attributes.ts';
import { explainMissingTable } from './creating.ts';
import { SEALS_LIST, sealEntryKey, sealPartition, sealPartKey, TABLE_KEYS } from './keys.ts';
import { TableQueries } from './queries.ts';
import { dynamoSession, type DynamoClient, type DynamoTarget } from './reads.ts';

/** Characters, all of one byte. */
const PART = 350_000;
const PAGE = 100;

export interface DynamoSealStore extends SealStore {
  close(): void;
}

/** Opens the seals of a table; nothing is sent before the first call. */
export function dynamoSealStore(target: DynamoTarget): DynamoSealStore {
  const session = dynamoSession(target);
  const { table } = target;
  const queries = new TableQueries(session, table, PAGE);
  const explained = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw await explainMissingTable(session, table, error);
    }
  };
  return {
    put: (at, seal) => explained(put(session, table, at, seal)),
    latest: () => explained(latest(queries)),
    close: () => session.close(),
  };
}

/** The entry comes last: a seal that is listed is whole. To put the same again changes nothing. */
async function put(session: Session<DynamoClient>, table: string, at: string, seal: string): Promise<void> {
  const name = `${at}#${sha256Hex(seal).slice(0, 32)}`;
  const parts = Math.ceil(seal.length / PART);
  const write = async (item: object): Promise<void> => {
    const input = { TableName: table, Item: toAttributes(item) };
    // Not `write`: its outcome is never in doubt, since whoever is not sure puts the same again.
    await session.run({ action: 'dynamodb:PutItem', resource: table }, (client, abortSignal) =>
      client.send(new PutItemCommand(input), { abortSignal }),
    );
  };
  for (let n = 0; n < parts; n += 1) {
    await write({ ...sealPartKey(name, n), text: seal.slice(n * PART, (n + 1) * PART) });
  }
  await write({ ...sealEntryKey(name), length: seal.length });
}

async function latest(queries: TableQueries): Promise<string | undefined> {
  const entry = await queries.last(SEALS_LIST);
  if (entry === undefined) return undefined;
  const { [TABLE_KEYS.sort]: name, length } = fromAttributes(entry);
  if (typeof name !== 'string') throw notWhole('an entry without a name');
  const texts: string[] = [];
  for await (const part of queries.partition(sealPartition(name))) texts.push(textOf(part));
  const seal = texts.join('');
  if (seal.length === length) return seal;
  throw notWhole(`${seal.length} of its characters are there, of ${typeof length === 'number' ? length : 'unknown'}`);
}

function textOf(item: Item): string {
  return item['text']?.S ?? '';
}

function notWhole(why: string): InvalidStateError {
  return new InvalidStateError('STORE_DAMAGED', 'the latest seal in the registry is not whole', {
    why,
    fix: 'use a copy of it that is kept elsewhere, and find who changed the table by hand (CloudTrail)',
  });
}
