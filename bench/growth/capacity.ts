/**
 * Counts what an operation asks of DynamoDB. The emulator reports half a unit for every read, however large, so that
 * units are worked out here, by the rules of the developer guide ("Read consistency", "Capacity unit consumption").
 */
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';

type Item = Readonly<Record<string, AttributeValue>>;

export interface Consumption {
  /** Calls by name, in the order of the first of each. */
  readonly calls: Map<string, number>;
  readUnits: number;
  /** Of the table; those of its index are not in it. */
  writeUnits: number;
}

/** Everything that goes through `client` while `work` runs. */
export async function consumedBy(client: DynamoDBClient, work: () => Promise<unknown>): Promise<Consumption> {
  const consumption: Consumption = { calls: new Map(), readUnits: 0, writeUnits: 0 };
  client.middlewareStack.add(
    (next, context) => async (call) => {
      const answer = await next(call);
      const name = String(context.commandName).replace(/Command$/, '');
      consumption.calls.set(name, (consumption.calls.get(name) ?? 0) + 1);
      // All calls pass here: each has some of these members.
      const asked = call.input as Asked;
      consumption.readUnits += readUnitsOf(asked, answer.output as Answered);
      consumption.writeUnits += writeUnitsOf(asked);
      return answer;
    },
    { step: 'initialize', name: 'consumption' },
  );
  try {
    await work();
  } finally {
    client.middlewareStack.remove('consumption');
  }
  return consumption;
}

export function requestsOf({ calls }: Consumption): number {
  return [...calls.values()].reduce((sum, count) => sum + count, 0);
}

interface Asked {
  readonly ConsistentRead?: boolean;
  readonly KeyConditionExpression?: string;
  readonly Key?: Item;
  readonly RequestItems?: Readonly<
    Record<string, { readonly Keys?: readonly Item[]; readonly ConsistentRead?: boolean }>
  >;
  readonly Item?: Item;
  readonly TransactItems?: readonly { readonly Put?: { readonly Item: Item }; readonly Update?: object }[];
}
interface Answered {
  readonly Item?: Item;
  readonly Items?: readonly Item[];
  readonly Responses?: Readonly<Record<string, readonly Item[]>>;
}

/** 4 KB a unit if consistent, 8 KB if not; a query is rounded as a whole, everything else item by item. */
function readUnitsOf(asked: Asked, answered: Answered): number {
  if (asked.KeyConditionExpression !== undefined) {
    const bytes = (answered.Items ?? []).reduce((sum, item) => sum + sizeOf(item), 0);
    return unitsOf(bytes, 4096) * (asked.ConsistentRead === true ? 1 : 0.5);
  }
  if (asked.Key !== undefined) {
    const bytes = answered.Item === undefined ? 0 : sizeOf(answered.Item);
    return unitsOf(bytes, 4096) * (asked.ConsistentRead === true ? 1 : 0.5);
  }
  let units = 0;
  for (const [table, { Keys = [], ConsistentRead }] of Object.entries(asked.RequestItems ?? {})) {
    const found = answered.Responses?.[table] ?? [];
    const absent = Keys.length - found.length;
    const whole = found.reduce((sum, item) => sum + unitsOf(sizeOf(item), 4096), absent);
    units += whole * (ConsistentRead === true ? 1 : 0.5);
  }
  return units;
}

/**
 * 1 KB a unit, and twice that in a transaction. An update takes the units of the whole item, which a request does not
 * show: clients and token records, which are all that is updated here, have less than 1 KB.
 */
function writeUnitsOf({ Item, TransactItems = [] }: Asked): number {
  const alone = Item === undefined ? 0 : unitsOf(sizeOf(Item), 1024);
  const together = TransactItems.reduce(
    (sum, { Put, Update }) =>
      sum + (Update === undefined ? 0 : 1) + (Put === undefined ? 0 : unitsOf(sizeOf(Put.Item), 1024)),
    0,
  );
  return alone + 2 * together;
}

function unitsOf(bytes: number, unit: number): number {
  return Math.max(1, Math.ceil(bytes / unit));
}

/** The size of an item in bytes: of its names and values, in UTF-8; numbers take about half of their digits. */
function sizeOf(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value), 0);
}

function valueSize({ S, N, L, M }: AttributeValue): number {
  if (S !== undefined) return Buffer.byteLength(S);
  if (N !== undefined) return Math.ceil(N.length / 2) + 1;
  if (L !== undefined) return L.reduce((sum, value) => sum + 1 + valueSize(value), 3);
  if (M !== undefined) return 3 + Object.keys(M).length + sizeOf(M);
  return 1;
}
