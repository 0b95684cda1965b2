/** A registry as someone with raw write access to its store has it: loose documents, written past every rule. */
import {
  BatchWriteItemCommand,
  ScanCommand,
  type AttributeValue,
  DynamoDBClient,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import { fromAttributes, toAttributes, type Item } from '../../src/aws/dynamodb/attributes.ts';
import {
  clientKey,
  CLIENTS_BUCKET,
  eventsPartition,
  padded,
  pointerKey,
  requestKey,
  requestPosition,
  REQUESTS_BUCKET,
  ringKey,
  tokenKey,
  type Key,
} from '../../src/aws/dynamodb/keys.ts';
import { isClientId, type Json } from '../../src/domain/index.ts';

export type Doc = Record<string, Json>;
/** A member as text, whatever it is. */
export function text(member: unknown): string {
  return typeof member === 'string' ? member : JSON.stringify(member ?? null);
}

export const KINDS = ['client', 'ring', 'token', 'request', 'event'] as const;
type Kind = (typeof KINDS)[number];
export type Stored = Record<Kind, Doc[]>;

export interface RawRegistry {
  read(): Promise<Stored>;
  /** Makes it hold these documents and nothing else; leaves out what the store itself cannot hold. */
  write(stored: Stored): Promise<void>;
  close(): void;
}

const BY: Readonly<Record<Kind, string>> = { client: 'id', ring: 'name', token: 'jti', request: 'id', event: 'at' };

export function sqliteRaw(dataDir: string): RawRegistry {
  const db = new DatabaseSync(join(dataDir, 'registry.db'), { timeout: 5_000 });
  // What a test writes here need not outlive the machine.
  db.exec('PRAGMA synchronous = OFF');
  return {
    read: async () => {
      const read = (kind: Kind): Doc[] =>
        db
          .prepare(`SELECT doc FROM ${kind} ORDER BY ${BY[kind]}, rowid`)
          .all()
          .map(({ doc }) => JSON.parse(String(doc)) as Doc);
      return each(read);
    },
    write: async (stored) => {
      db.exec('BEGIN IMMEDIATE');
      for (const kind of KINDS) {
        const wanted = new Set(stored[kind].map((doc) => JSON.stringify(doc)));
        const remove = db.prepare(`DELETE FROM ${kind} WHERE rowid = ?`);
        for (const { rowid, doc } of db.prepare(`SELECT rowid, doc FROM ${kind}`).all()) {
          if (!wanted.delete(String(doc))) remove.run(Number(rowid));
        }
        const insert = db.prepare(`INSERT OR REPLACE INTO ${kind} (doc) VALUES (?)`);
        for (const doc of wanted) ignoring(() => insert.run(doc));
      }
      db.exec('COMMIT');
    },
    close: () => db.close(),
  };
}

export function dynamoRaw(endpoint: string, region: string, table: string): RawRegistry {
  const client = new DynamoDBClient({
    region,
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const scan = async (): Promise<Map<string, Item>> => {
    const items: Record<string, AttributeValue>[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(
        new ScanCommand({
          TableName: table,
          ConsistentRead: true,
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return new Map(items.map((item) => [`${item['pk']?.S} ${item['sk']?.S}`, item]));
  };
  return {
    read: async () => {
      const items = [...(await scan()).values()];
      return each((kind) => items.filter((item) => kindOf(item) === kind).map(docOf));
    },
    write: async (stored) => {
      const there = await scan();
      const wanted = new Map(KINDS.flatMap((kind) => stored[kind].flatMap((doc) => itemsOf(kind, doc))));
      const puts = [...wanted]
        .filter(([name, item]) => !isDeepStrictEqual(withoutIndex(there.get(name) ?? {}), withoutIndex(item)))
        .map(([name, item]): WriteRequest => ({
          PutRequest: { Item: { ...indexOf(there.get(name)), ...listed(item), ...item } },
        }));
      const deletes = [...there]
        .filter(([name, item]) => !wanted.has(name) && (kindOf(item) ?? pointerOf(item)) !== undefined)
        .map(([, { pk, sk }]): WriteRequest => ({
          DeleteRequest: { Key: { pk: pk ?? { S: '' }, sk: sk ?? { S: '' } } },
        }));
      const all = [...puts, ...deletes];
      const send = (requests: WriteRequest[]): Promise<unknown> =>
        client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
      for (let at = 0; at < all.length; at += 25) {
        const some = all.slice(at, at + 25);
        // One that the store cannot hold keeps the others out.
        await send(some).catch(() => Promise.allSettled(some.map((one) => send([one]))));
      }
    },
    close: () => client.destroy(),
  };
}

function each(read: (kind: Kind) => Doc[]): Stored {
  return {
    client: read('client'),
    ring: read('ring'),
    token: read('token'),
    request: read('request'),
    event: read('event'),
  };
}

function ignoring(work: () => unknown): void {
  try {
    work();
  } catch {
    // Not even this store takes it.
  }
}

const KEYS = new Set(['pk', 'sk', 'bucket', 'position', 'ttl']);

function kindOf({ pk, sk }: Item): Kind | undefined {
  const [partition = '', sort = ''] = [pk?.S, sk?.S];
  if (partition.startsWith('CLIENT#')) return sort === 'CLIENT' ? 'client' : 'token';
  if (partition.startsWith('RING#')) return 'ring';
  if (partition.startsWith('REQUEST#')) return 'request';
  return partition.startsWith('EVENTS#') ? 'event' : undefined;
}

function pointerOf({ pk }: Item): 'pointer' | undefined {
  return pk?.S?.startsWith('JTI#') === true ? 'pointer' : undefined;
}

function docOf(item: Item): Doc {
  return fromAttributes(Object.fromEntries(Object.entries(item).filter(([name]) => !KEYS.has(name)))) as Doc;
}

function withoutIndex(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => name === 'pk' || name === 'sk' || !KEYS.has(name)));
}

function indexOf(item: Item | undefined): Item {
  return Object.fromEntries(Object.entries(item ?? {}).filter(([name]) => KEYS.has(name)));
}

/** An attacker who hides nothing from the index: checks of the audit log list requests by it. */
function listed(item: Item): Item {
  const { client, id } = item;
  if (kindOf(item) !== 'request' || client?.S === undefined || id?.S === undefined) return {};
  return { bucket: { S: REQUESTS_BUCKET }, position: { S: requestPosition(client.S, id.S) } };
}

/** Under the keys that the document itself names, and for a token the pointer to its client. */
function itemsOf(kind: Kind, doc: Doc): [string, Item][] {
  const put = (key: Key, content: Doc): [string, Item] => [
    `${key.pk} ${key.sk}`,
    { ...toAttributes(content), pk: { S: key.pk }, sk: { S: key.sk } },
  ];
  try {
    if (/\\ud[89a-f]/i.test(JSON.stringify(doc))) throw new TypeError('no UTF-8');
    const own = put(keyOf(kind, doc), doc);
    // Clients are listed by the index.
    if (kind === 'client') Object.assign(own[1], toAttributes({ bucket: CLIENTS_BUCKET, position: text(doc['id']) }));
    const client = text(doc['client']);
    const pointed = kind === 'token' && isClientId(client);
    return pointed ? [own, put(pointerKey(text(doc['jti'])), { client })] : [own];
  } catch {
    // Not even this store takes it.
    return [];
  }
}

function keyOf(kind: Kind, doc: Doc): Key {
  if (kind === 'client') return clientKey(text(doc['id']));
  if (kind === 'ring') return ringKey(text(doc['name']));
  if (kind === 'token') return tokenKey(text(doc['client']), text(doc['jti']));
  if (kind === 'request') return requestKey(text(doc['id']));
  const [aggregateKind, ...id] = text(doc['aggregate']).split(':');
  const ref = { kind: aggregateKind === 'ring' ? 'ring' : 'client', id: id.join(':') } as const;
  return { pk: eventsPartition(ref), sk: padded(Number(doc['seq'])) };
}
