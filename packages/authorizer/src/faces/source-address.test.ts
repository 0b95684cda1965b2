/** Whose word about an address is believed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientAddress, parseTrustedProxies } from './source-address.ts';

const trusted = ['10.0.0.0/8', '2001:db8::/32'];

describe('the address of a request', () => {
  test.each<[string, string | undefined, string[], string | undefined]>([
    ['is the peer', '198.51.100.7', [], '198.51.100.7'],
    ['is the peer, whatever a stranger claims', '198.51.100.7', ['192.0.2.1'], '198.51.100.7'],
    ['is what a trusted proxy saw', '10.0.0.1', ['192.0.2.1'], '192.0.2.1'],
    ['is the right-most that no trusted proxy owns', '10.0.0.1', ['203.0.113.9, 192.0.2.1, 10.2.3.4'], '192.0.2.1'],
    ['is found across repeated headers', '10.0.0.1', ['203.0.113.9', '192.0.2.1', '10.2.3.4'], '192.0.2.1'],
    ['may be of the other family', '10.0.0.1', ['2001:db9::1, 2001:db8::1'], '2001:db9::1'],
    ['is found behind an IPv4-mapped peer', '::ffff:10.0.0.1', ['192.0.2.1'], '192.0.2.1'],
    ['is found behind an IPv4-mapped hop', '10.0.0.1', ['192.0.2.1, ::ffff:10.0.0.9'], '192.0.2.1'],
    ['is the left-most when all are trusted', '10.0.0.1', ['10.0.0.3, 10.0.0.2'], '10.0.0.3'],
    ['is the proxy itself without the header', '10.0.0.1', [], '10.0.0.1'],
    ['is the proxy itself with an empty header', '10.0.0.1', [''], '10.0.0.1'],
    ['is unknown behind an entry that is none', '10.0.0.1', ['192.0.2.1, unknown'], undefined],
    ['is unknown behind an obfuscated entry', '10.0.0.1', ['192.0.2.1, _hidden'], undefined],
    ['is unknown behind an empty entry', '10.0.0.1', ['192.0.2.1,'], undefined],
    ['is unknown behind an entry with a port', '10.0.0.1', ['192.0.2.1:443'], undefined],
    [
      'is unknown behind too many hops',
      '10.0.0.1',
      [Array.from({ length: 33 }, () => '10.0.0.2').join(',')],
      undefined,
    ],
    ['is unknown without a peer', undefined, ['192.0.2.1'], undefined],
  ])('%s', (_, peer, forwarded, expected) => {
    expect(clientAddress(peer, forwarded, trusted)).toBe(expected);
  });

  test('is never one that a client wrote in front of the real one', () => {
    const address = fc.ipV4().filter((it) => !it.startsWith('10.'));
    fc.assert(
      fc.property(fc.array(fc.string()), address, fc.array(fc.constant('10.9.9.9')), (forged, real, proxies) => {
        const header = [...forged, real, ...proxies].join(', ');
        expect([real, undefined]).toContain(clientAddress('10.0.0.1', [header], trusted));
      }),
      { seed: 8, numRuns: 500 },
    );
  });
});

test('proxies are given as networks', () => {
  expect(parseTrustedProxies(['10.0.0.1', '2001:db8::/32'])).toEqual(['10.0.0.1/32', '2001:db8::/32']);
  for (const wrong of ['10.0.0.0/8', true, ['10/8'], ['localhost'], [1]]) {
    expect(() => parseTrustedProxies(wrong)).toThrow(
      expect.objectContaining({ option: expect.stringMatching(/^trustProxy/) }),
    );
  }
});
