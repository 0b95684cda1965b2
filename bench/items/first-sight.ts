/** A token that was never seen before, beside other libraries and bare `crypto.verify`, on three versions of Node. */
import { join } from 'node:path';
import type { Measured } from '../first-sight/measured.ts';
import { mainRows, peerRows, tableOf } from '../first-sight/outcome.ts';
import { otherNode, run } from '../first-sight/runtimes.ts';
import { bench, quick, sized } from '../harness/item.ts';

const SCRIPT = join(import.meta.dirname, '..', 'first-sight', 'measure.ts');
const OTHER_NODES = [22, 26];

await bench('first-sight', async () => {
  const measured = await measureOn(process.execPath);
  const others: Measured[] = [];
  if (quick) process.stdout.write(`Node ${OTHER_NODES.join(' and ')} are left to the full run\n`);
  for (const major of quick ? [] : OTHER_NODES) {
    try {
      others.push(await measureOn(await otherNode(major)));
    } catch (error) {
      process.stdout.write(`Node ${major} is left out: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  return {
    rows: [...mainRows(measured), ...others.flatMap((other) => peerRows(other, 'verification'))],
    tables: [measured, ...others].map((each) => tableOf(each)),
  };
});

async function measureOn(node: string): Promise<Measured> {
  const size = [sized(300, 50), sized(30, 5), sized(30, 12)].map(String);
  const { stdout } = await run(node, ['--disable-warning=ExperimentalWarning', SCRIPT, ...size], {
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout) as Measured;
}
