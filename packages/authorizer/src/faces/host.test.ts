/** Hosts that handlers could take a path out of. */
import { describe, expect, test } from 'vitest';
import { hasPlainHost } from './host.ts';

describe('a request', () => {
  test.each([
    '',
    'api.example',
    'API.example.:8080',
    'api_1.example',
    'xn--bcher-kva.example',
    '203.0.113.7:1',
    '[2001:db8::7]',
    '[::1]:443',
    'x:',
  ])('for the host %j is taken', (host) => {
    expect(hasPlainHost(['Host', host])).toBe(true);
    expect(hasPlainHost([':authority', host, 'host', host])).toBe(true);
    // What becomes of it in a handler that puts a URL together.
    if (host !== '') expect(new URL(`http://${host}/plans/1?x`).pathname).toBe('/plans/1');
  });

  test.each([...'/?#\\@ \t<>"{}^|`\0\u007f\u00e9'])('with %j in its host is not', (character) => {
    for (const host of [
      `x${character}`,
      `${character}x`,
      `x${character}admin?`,
      `[::1]${character}`,
      `x:1${character}`,
    ])
      expect([host, hasPlainHost(['Accept', '*/*', 'host', host])]).toEqual([host, false]);
  });

  test.each([
    ['two hosts', ['Host', 'x', 'Host', 'x']],
    ['two hosts in other letters', ['Host', 'x', 'HOST', 'y']],
    ['a list', ['Host', 'x, y']],
    ['two ports', ['Host', 'x:1:2']],
    ['a port of letters', ['Host', 'x:http']],
    ['an open bracket', ['Host', '[::1']],
    ['two authorities', [':authority', 'x', ':authority', 'y']],
  ])('with %s is not', (_, rawHeaders) => {
    expect(hasPlainHost(rawHeaders)).toBe(false);
  });

  test('without a host is taken', () => {
    expect(hasPlainHost([])).toBe(true);
  });
});
