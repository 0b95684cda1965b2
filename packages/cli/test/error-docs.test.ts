import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { errorDocs } from '../tools/error-docs.ts';

it('docs/errors.md lists every code as the tables do (otherwise run: pnpm docs:errors)', () => {
  expect(readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')).toBe(errorDocs());
});
