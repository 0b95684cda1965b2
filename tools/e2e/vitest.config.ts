/** `pnpm test:e2e`: the built function and the built command, deployed to the emulator and called over HTTP. */
import { defineConfig } from 'vitest/config';
import { base } from '../../vitest.config.ts';
import { CaseTable } from './case-table.ts';

export default defineConfig({
  ...base,
  root: new URL('../..', import.meta.url).pathname,
  test: {
    ...base.test,
    globalSetup: ['packages/cli/test/global-setup.ts', 'tools/emulator/vitest.ts', 'tools/e2e/build-function.ts'],
    include: ['tools/e2e/*.test.ts'],
    // Each file sets up APIs of its own and calls them all the time.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    reporters: ['default', ['json', { outputFile: 'coverage/results-e2e.json' }], new CaseTable()],
  },
});
