import { expect, it } from 'vitest';
import { suggest } from './suggest.ts';

it.each([
  ['regsitry', 'registry'],
  ['Registry', 'registry'],
  ['issuers', 'issuer'],
  ['max-ttl', 'max_ttl'],
  ['colour', undefined],
  ['', undefined],
])('%s was meant to be %s', (typed, meant) => {
  expect(suggest(typed, ['registry', 'keys', 'issuer', 'audience', 'max_ttl'])).toBe(meant);
});
