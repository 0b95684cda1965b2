/** What the embedded registry costs with a million tokens, beside one with a thousand. */
import { bench, quick, sized } from '../harness/item.ts';
import type { Outcome, Row, Table } from '../harness/outcome.ts';
import { digits, spreadText } from '../harness/print.ts';
import { quotients, runInTurns, type Timings } from '../harness/rounds.ts';
import { spreadOf } from '../harness/spread.ts';
import { EmbeddedRegistry, READS, WRITES, type OperationName } from '../growth/embedded.ts';
import { COMMANDS, PROCESSES, runProcess, type ProcessName } from '../growth/processes.ts';
import { tokensOf } from '../growth/shape.ts';

const SIZES = ['small', 'large'] as const;
type Size = (typeof SIZES)[number];
type Registries = Readonly<Record<Size, EmbeddedRegistry>>;
type Measured<Name extends string> = Timings<`${Name} ${Size}`>;

const REAL = sized(1_000, 300);
/** Milliseconds of one way in one round. A token is revoked once, so that a round of revocations has to be short. */
const ROUND = quick ? 5 : 40;
const REVOKE_ROUND = quick ? 3 : 8;
const MOST_TIME = 1.5;
const MOST_MEMORY = 1.15;
const COMPARABLE =
  'every client has 100 tokens, so that a list is as long; in both registries 100 tokens of ten clients end within 14 days, 20 of theirs are in their grace, and the successor of every second of these was revoked';

await bench('growth', async (): Promise<Outcome> => {
  await using small = new EmbeddedRegistry({ clients: 10, real: REAL });
  await using large = new EmbeddedRegistry({ clients: sized(10_000), real: REAL });
  const registries = { small, large };
  const start = performance.now();
  for (const registry of [small, large]) {
    await registry.fill();
  }
  process.stdout.write(`filled in ${Math.round((performance.now() - start) / 1000)} s\n`);
  const reads = await inProcess(registries, READS, ROUND);
  const { times, memory } = await inProcesses(registries);
  // Last, since they make both registries larger, and not by the same number of tokens.
  const issues = await inProcess(registries, ['issue'], ROUND);
  const revocations = await inProcess(registries, ['revoke'], REVOKE_ROUND);
  const measured = { ...reads, ...issues, ...revocations };
  const sizes = `${digits(tokensOf(large.shape))} tokens`;
  return {
    rows: [
      ...[...WRITES, ...READS].map((name) => rowOf(`6 ${name}, ${sizes}`, 'µs', measured, name, MOST_TIME)),
      { ...worstRow(`6 whole process, ${sizes}`, 'ms', times, MOST_TIME), note: COMPARABLE },
      worstRow(`6 peak memory, ${sizes}`, 'MB', memory, MOST_MEMORY),
    ],
    tables: [processTable(times, memory)],
  };
});

/** Calls into the built packages, from one process. */
function inProcess<Name extends OperationName>(
  registries: Registries,
  names: readonly Name[],
  millis: number,
): Promise<Measured<Name>> {
  const ways = pairs(names, (name, size) => registries[size].ways()[name]);
  return runInTurns(ways, { rounds: quick ? 6 : 24, millis });
}

/** The built command, and a process that decides about a thousand tokens. */
async function inProcesses(
  registries: Registries,
): Promise<{ times: Measured<ProcessName>; memory: Measured<ProcessName> }> {
  const memory = pairs(PROCESSES, (): number[] => []);
  const ways = pairs(PROCESSES, (name, size) => {
    const registry = registries[size];
    let n = 0;
    return async () => void memory[`${name} ${size}`].push(await runProcess(registry, COMMANDS[name](registry, n++)));
  });
  // A round is one run of each, whatever it takes.
  const micros = await runInTurns(ways, { rounds: quick ? 3 : 9, millis: 1 });
  return { times: pairs(PROCESSES, (name, size) => micros[`${name} ${size}`].map((time) => time / 1000)), memory };
}

function pairs<Name extends string, T>(
  names: readonly Name[],
  make: (name: Name, size: Size) => T,
): Record<`${Name} ${Size}`, T> {
  const entries = names.flatMap((name) => SIZES.map((size) => [`${name} ${size}`, make(name, size)] as const));
  return Object.fromEntries(entries) as Record<`${Name} ${Size}`, T>;
}

function rowOf<Name extends string>(
  item: string,
  unit: string,
  measured: Measured<NoInfer<Name>>,
  name: Name,
  atMost: number,
): Row {
  const [large, small] = [measured[`${name} large`], measured[`${name} small`]];
  return {
    item,
    unit,
    ours: spreadOf(large),
    peer: { name: '1,000 tokens', value: spreadOf(small) },
    ratio: quotients(large, small),
    target: { atMost },
  };
}

/** The row of the process that grows most. */
function worstRow(item: string, unit: string, measured: Measured<ProcessName>, atMost: number): Row {
  const rows = PROCESSES.map((name) => rowOf(`${item}, the worst: ${name}`, unit, measured, name, atMost));
  const [worst] = rows.toSorted((a, b) => (b.ratio?.median ?? 0) - (a.ratio?.median ?? 0));
  if (worst === undefined) throw new Error('nothing was run');
  return worst;
}

function processTable(times: Measured<ProcessName>, memory: Measured<ProcessName>): Table {
  const cells = (measured: Measured<ProcessName>, name: ProcessName): string[] => {
    const { ours, peer, ratio } = rowOf('', '', measured, name, 1);
    return [ours, peer?.value, ratio].map((spread) => (spread === undefined ? '' : spreadText(spread)));
  };
  return {
    title: 'Whole processes, embedded: the larger registry, the one with 1,000 tokens, and how they relate',
    columns: ['process', 'ms', 'ms, 1,000', 'ratio', 'peak MB', 'peak MB, 1,000', 'ratio'],
    rows: PROCESSES.map((name) => [name, ...cells(times, name), ...cells(memory, name)]),
  };
}
