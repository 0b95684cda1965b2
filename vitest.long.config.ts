/** `pnpm test:long`: the tests that have two sizes, at their full one, and those that have no smaller one. */
import { defineConfig } from 'vitest/config';
import { base } from './vitest.config.ts';

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['packages/*/test/**/*.{load,long}.test.ts'],
    env: { APIKEY_TEST_LONG: '1' },
    // Two files at a time: each fills a core by itself, and waits for processes in between.
    maxWorkers: 2,
    testTimeout: 900_000,
    reporters: ['default', ['json', { outputFile: 'coverage/results-long.json' }]],
  },
});
