import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { isLoopbackHost, Peers } from './peers.ts';

/** A request on a connection from `address`, as far as it is looked at. */
function request(address: string | undefined, headers: Record<string, string> = {}): IncomingMessage {
  return {
    socket: { remoteAddress: address },
    headers,
    rawHeaders: Object.entries(headers).flat(),
  } as unknown as IncomingMessage;
}

describe('the address of a request', () => {
  const peers = new Peers(['10.0.0.0/8', '::1/128']);

  test.each([
    ['a peer that is not trusted, whatever it says', '192.0.2.1', '203.0.113.7', '192.0.2.1'],
    ['a trusted peer that says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['what a trusted peer says', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['the last one that is not trusted', '10.0.0.1', '1.2.3.4, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['nothing, where it cannot be read', '10.0.0.1', '203.0.113.7, unknown', undefined],
    ['nothing, where there are more hops than any request passes', '10.0.0.1', '10.0.0.2,'.repeat(40), undefined],
    ['IPv4 in IPv6 as IPv4', '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['a trusted peer in IPv6', '::1', '2001:db8::7', '2001:db8::7'],
    ['nothing of a connection that is gone', undefined, '203.0.113.7', undefined],
  ])('is %s', (_, peer, forwarded, expected) => {
    const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    expect(peers.clientAddress(request(peer, headers))).toBe(expected);
    expect(peers.clientAddress(request(peer, headers))).toBe(expected);
  });

  test('stays right however many different headers came before', () => {
    for (let n = 0; n < 2_500; n += 1) {
      const address = `192.0.${Math.floor(n / 250)}.${n % 250}`;
      expect(peers.clientAddress(request('10.0.0.1', { 'x-forwarded-for': address }))).toBe(address);
    }
  });
});

describe('a local request', () => {
  test.each([
    ['127.0.0.1', {}, true],
    ['::1', {}, true],
    ['::ffff:127.0.0.1', {}, true],
    ['192.0.2.1', {}, false],
    ['127.0.0.1', { 'x-forwarded-for': '203.0.113.7' }, false],
    ['127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }, false],
    ['127.0.0.1', { forwarded: 'for=127.0.0.1' }, false],
    ['127.0.0.1', { via: '1.1 proxy' }, false],
  ])('from %s with %o: %s', (address, headers, local) => {
    expect(new Peers([]).isLocal(request(address, headers as Record<string, string>))).toBe(local);
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.0.2.1', false],
  ['localhost.example', false],
])('%s is reached from this machine alone: %s', (host, loopback) => {
  expect(isLoopbackHost(host)).toBe(loopback);
});
