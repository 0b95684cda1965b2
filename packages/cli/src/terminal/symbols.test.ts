import { expect, it } from 'vitest';
import { ASCII, symbolsFor, UNICODE } from './symbols.ts';

it.each([
  [{}, UNICODE],
  [{ LC_ALL: 'C' }, ASCII],
  [{ LC_ALL: 'POSIX', LANG: 'de_DE.UTF-8' }, ASCII],
  [{ LC_ALL: '', LC_CTYPE: 'C', LANG: 'de_DE.UTF-8' }, ASCII],
  [{ LC_ALL: '', LC_CTYPE: '', LANG: 'C' }, ASCII],
  [{ LANG: 'C.UTF-8' }, UNICODE],
  [{ LC_ALL: 'C.utf8' }, UNICODE],
  [{ LC_ALL: 'en_US.UTF-8@euro', LANG: 'C' }, UNICODE],
  [{ LANG: 'de_DE.ISO-8859-15' }, ASCII],
  [{ LANG: 'ja_JP.eucJP@x' }, ASCII],
  [{ LANG: 'de_DE' }, UNICODE],
  [{ LANG: 'C', LC_CTYPE: 'en_US.UTF-8' }, UNICODE],
])('%o', (env, symbols) => {
  expect(symbolsFor(env)).toBe(symbols);
});

it('ASCII has a sign for each of the others, and no other character', () => {
  expect(Object.keys(ASCII)).toEqual(Object.keys(UNICODE));
  expect(Object.values(ASCII).join('')).toMatch(/^[!-~]+$/);
});
