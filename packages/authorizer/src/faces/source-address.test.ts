/** Whose word about an address is believed. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientAddress, parseTrustedProxies, peerAddress } from './source-address.ts';

type Row = [title: string, peer: string | undefined, forwarded: string[], expected: string | undefined];

const trusted = ['10.0.0.0/8', '2001:db8::/32'];

describe('the address of a request', () => {
  test.each<Row>([
    ['is the peer', '198.51.100.7', [], '198.51.100.7'],
    ['is the peer, whatever a stranger claims', '198.51.100.7', ['192.0.2.1'], '198.51.100.7'],
    ['is what a trusted proxy saw', '10.0.0.1', ['192.0.2.1'], '192.0.2.1'],
    ['is the right-most that no trusted proxy owns', '10.0.0.1', ['203.0.113.9, 192.0.2.1, 10.2.3.4'], '192.0.2.1'],
    ['is found across repeated headers', '10.0.0.1', ['203.0.113.9', '192.0.2.1', '10.2.3.4'], '192.0.2.1'],
    ['may be of the other family', '10.0.0.1', ['2001:db9::1, 2001:db8::1'], '2001:db9::1'],
    ['is found behind an IPv4-mapped peer', '::ffff:10.0.0.1', ['192.0.2.1'], '192.0.2.1'],
    ['is found behind an IPv4-mapped hop', '10.0.0.1', ['192.0.2.1, ::ffff:10.0.0.9'], '192.0.2.1'],
    ['is unknown when all are trusted', '10.0.0.1', ['10.0.0.3, 10.0.0.2'], undefined],
    ['is unknown without the header', '10.0.0.1', [], undefined],
    ['is unknown with an empty header', '10.0.0.1', [''], undefined],
    ['is unknown behind an entry that is none', '10.0.0.1', ['192.0.2.1, unknown'], undefined],
    ['is unknown behind an obfuscated entry', '10.0.0.1', ['192.0.2.1, _hidden'], undefined],
    ['is unknown behind an empty entry', '10.0.0.1', ['192.0.2.1,'], undefined],
    ['may have a port', '10.0.0.1', ['192.0.2.1:443'], '192.0.2.1'],
    ['may have a port behind other hops', '10.0.0.1', ['203.0.113.9, 192.0.2.1:443 , 10.2.3.4:1'], '192.0.2.1'],
    ['may be in brackets', '10.0.0.1', ['[2001:db9::7]'], '2001:db9::7'],
    ['may be in brackets with a port', '10.0.0.1', ['[2001:db9::7]:443'], '2001:db9::7'],
    ['is found behind a trusted one in brackets', '10.0.0.1', ['192.0.2.1, [2001:db8::7]:443'], '192.0.2.1'],
    ...[
      '[192.0.2.1]',
      '[192.0.2.1]:1',
      '192.0.2.1:',
      '192.0.2.1:65536',
      '192.0.2.1:+1',
      '192.0.2.1:1:2',
      '[::1',
      '::1]',
    ].map((hop): Row => [`is unknown behind ${hop}`, '10.0.0.1', [hop], undefined]),
    ...['[2001:db9::7]:', '[2001:db9::7]:99999', '[2001:db9::7%eth0]', '"[2001:db9::7]"', 'for=192.0.2.1', 'unix'].map(
      (hop): Row => [`is unknown behind ${hop}`, '10.0.0.1', [hop], undefined],
    ),
    ['is unknown on a Unix socket', 'unix', ['192.0.2.1'], undefined],
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

test('a Unix socket may be trusted', () => {
  expect(clientAddress('unix', ['192.0.2.1'], ['unix'])).toBe('192.0.2.1');
  expect(clientAddress('unix', ['192.0.2.1, 10.0.0.1'], ['unix', '10.0.0.0/8'])).toBe('192.0.2.1');
  expect(clientAddress('unix', [], ['unix'])).toBeUndefined();
  expect(clientAddress('10.0.0.1', ['192.0.2.1'], ['unix'])).toBe('10.0.0.1');
});

test('a Unix socket is told from a connection that is gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'apikey-socket-'));
  const server = createServer().listen(join(folder, 'socket'));
  await once(server, 'listening');
  const client = connect(join(folder, 'socket'));
  const [socket] = (await once(server, 'connection')) as [Socket];
  expect(peerAddress(socket)).toBe('unix');
  const closed = once(socket, 'close');
  client.destroy();
  socket.resume();
  await closed;
  expect(peerAddress(socket)).toBeUndefined();
  expect(peerAddress({ destroyed: false, localAddress: '127.0.0.1' })).toBeUndefined();
  expect(peerAddress({ destroyed: false, localAddress: '127.0.0.1', remoteAddress: '192.0.2.1' })).toBe('192.0.2.1');
  server.close();
  rmSync(folder, { recursive: true });
});

test('proxies are given as networks', () => {
  expect(parseTrustedProxies(['unix'])).toEqual(['unix']);
  expect(parseTrustedProxies(['10.0.0.1', '2001:db8::/32'])).toEqual(['10.0.0.1/32', '2001:db8::/32']);
  for (const wrong of ['10.0.0.0/8', true, ['10/8'], ['localhost'], [1]]) {
    expect(() => parseTrustedProxies(wrong)).toThrow(
      expect.objectContaining({ option: expect.stringMatching(/^trustProxy/) }),
    );
  }
});
