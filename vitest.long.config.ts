/** `pnpm test:long`: the tests that have two sizes, at their full one, and those that have no smaller one. */
import { defineConfig } from 'vitest/config';
import { base } from './vitest.config.ts';

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['packages/*/test/**/*.{load,long}.test.ts'],
    env: { APIKEY_TEST_LONG: '1' },
    // One file at a time: they fill the machine by themselves, and a gateway under load waits for the disk that another fills.
    fileParallelism: false,
    testTimeout: 900_000,
    reporters: ['default', ['json', { outputFile: 'coverage/results-long.json' }]],
  },
});
