/** `pnpm test:servers`: attacks on real servers behind the gateway, the shipped proxy configurations and the middleware. */
import { defineConfig } from 'vitest/config';
import { base } from '../../vitest.config.ts';

export default defineConfig({
  ...base,
  root: new URL('../..', import.meta.url).pathname,
  test: {
    ...base.test,
    globalSetup: ['packages/cli/test/global-setup.ts'],
    include: ['tools/servers/*.test.ts'],
    // Starting a server may install or compile it.
    testTimeout: 300_000,
    reporters: ['default', ['json', { outputFile: 'coverage/results-servers.json' }]],
  },
});
