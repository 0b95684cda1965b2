/** A reporter that ends the run with a table of all cases: expected and seen, side by side. */
import type { Reporter, TestModule } from 'vitest/node';
import type { Case } from './cases.ts';

const HEADER: Case = { api: 'API', name: 'case', expected: 'expected', seen: 'seen' };

export class CaseTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const rows = tests.flatMap((test) => {
      const failed = test.result().state === 'failed';
      return (test.meta().cases ?? []).map((row) => ({ row, bad: failed && row.seen !== row.expected }));
    });
    if (rows.length === 0) return;
    const all = [HEADER, ...rows.map(({ row }) => row)];
    const width = (cell: (row: Case) => string): number => Math.max(...all.map((row) => cell(row).length));
    const widths = {
      api: width(({ api }) => api),
      name: width(({ name }) => name),
      expected: width((row) => row.expected),
    };
    const line = ({ api, name, expected, seen }: Case): string =>
      [api.padEnd(widths.api), name.padEnd(widths.name), expected.padEnd(widths.expected), seen].join('  ');
    const lines = rows.map(({ row, bad }) => `${bad ? '✗' : '✓'} ${line(row)}`);
    process.stdout.write(`\n  ${line(HEADER)}\n${lines.join('\n')}\n\n`);
  }
}
