import { expect, it } from 'vitest';
import { wantsColour } from './style.ts';

const terminal = { isTTY: true, columns: 80, discards: false, write: () => {}, sync: () => {} };

it.each([
  ['a terminal', true, {}, true],
  ['no terminal', false, {}, false],
  ['no terminal, though forced', false, { FORCE_COLOR: '1' }, false],
  ['NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['NO_COLOR=0 is set, too', true, { NO_COLOR: '0' }, false],
  ['an empty NO_COLOR counts as not set', true, { NO_COLOR: '' }, true],
  ['a dumb terminal', true, { TERM: 'dumb' }, false],
])('%s: colour %s', (_, isTTY, env, expected) => {
  expect(wantsColour({ ...terminal, isTTY }, env, true)).toBe(expected);
  expect(wantsColour({ ...terminal, isTTY }, env, false)).toBe(false);
});
