/** What a registry in DynamoDB is asked with a hundred thousand tokens, beside one with a thousand: requests and units. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startEmulator } from '../../tools/emulator/emulator.ts';
import { requestsOf, type Consumption } from '../growth/capacity.ts';
import { tokensOf } from '../growth/shape.ts';
import { OPERATIONS, RegistryTable, type TableOperation } from '../growth/table.ts';
import { bench, sized } from '../harness/item.ts';
import type { Outcome, Row, Table } from '../harness/outcome.ts';
import { digits, spreadText } from '../harness/print.ts';
import { quotients } from '../harness/rounds.ts';
import { spreadOf } from '../harness/spread.ts';

const TIMES = 7;
const MOST = 1.5;
const NOTE =
  'counted at the SDK; units follow from the sizes of what was read, since the emulator reports half a unit for any read. Keys lie in memory: KMS is asked the same at every size. The events of a client and the pointers to its tokens, in partitions of their own, exist only for the clients that are looked at';

interface Pair {
  readonly name: TableOperation;
  readonly small: readonly Consumption[];
  readonly large: readonly Consumption[];
}

await bench('growth-aws', async (): Promise<Outcome> => {
  const emulator = await startEmulator();
  Object.assign(process.env, emulator.env);
  const client = new DynamoDBClient({});
  try {
    const small = new RegistryTable(client, 'apikey-small', { clients: 10, real: 10 });
    const large = new RegistryTable(client, 'apikey-large', { clients: sized(1_000), real: 10 });
    const start = performance.now();
    await small.fill();
    await large.fill();
    process.stdout.write(`filled in ${Math.round((performance.now() - start) / 1000)} s\n`);
    const pairs: Pair[] = [];
    // What only reads comes first.
    for (const name of OPERATIONS.toReversed()) {
      pairs.unshift({ name, small: await measured(small, name), large: await measured(large, name) });
    }
    const sizes = `${digits(tokensOf(large.shape))} tokens`;
    return {
      rows: [
        { ...worst(`6 DynamoDB requests, ${sizes}`, 'requests', pairs, requestsOf), note: NOTE },
        worst(`6 DynamoDB read units, ${sizes}`, 'units', pairs, ({ readUnits }) => readUnits),
      ],
      tables: [tableOf(pairs)],
    };
  } finally {
    client.destroy();
    await emulator.stop();
  }
});

async function measured(table: RegistryTable, name: TableOperation): Promise<Consumption[]> {
  const all: Consumption[] = [];
  for (let n = 0; n < TIMES; n++) all.push(await table.consumption(name, n));
  return all;
}

type Count = (consumption: Consumption) => number;

function rowOf(
  item: string,
  unit: string,
  { name, small, large }: Pair,
  count: Count,
): Row & Required<Pick<Row, 'peer' | 'ratio'>> {
  const [few, many] = [small.map(count), large.map(count)];
  return {
    item: `${item}, the worst: ${name}`,
    unit,
    ours: spreadOf(many),
    peer: { name: '1,000 tokens', value: spreadOf(few) },
    ratio: quotients(many, few),
    target: { atMost: MOST },
  };
}

/** The row of the operation that grows most. */
function worst(item: string, unit: string, pairs: readonly Pair[], count: Count): Row {
  const rows = pairs.map((pair) => rowOf(item, unit, pair, count));
  const [first] = rows.toSorted((a, b) => b.ratio.median - a.ratio.median);
  if (first === undefined) throw new Error('nothing was counted');
  return first;
}

function tableOf(pairs: readonly Pair[]): Table {
  const counts: readonly Count[] = [requestsOf, ({ readUnits }) => readUnits, ({ writeUnits }) => writeUnits];
  return {
    title: 'One operation of a new process on DynamoDB: the larger registry / the one with 1,000 tokens',
    columns: ['operation', 'requests', 'read units', 'write units of the table', 'calls, larger registry'],
    rows: pairs.map((pair) => [
      pair.name,
      ...counts.map((count) =>
        [pair.large, pair.small].map((list) => spreadText(spreadOf(list.map(count)))).join(' / '),
      ),
      [...(pair.large[0]?.calls ?? [])].map(([call, times]) => `${times} ${call}`).join(', '),
    ]),
  };
}
