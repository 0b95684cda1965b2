import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { isLoopbackHost, Peers } from './peers.ts';

/** A request on a connection from `address`, as far as it is looked at. */
function request(address: string | undefined, headers: Record<string, string> = {}): IncomingMessage {
  return {
    socket: { remoteAddress: address, localAddress: '127.0.0.1', destroyed: address === undefined },
    headers,
    rawHeaders: Object.entries(headers).flat(),
  } as unknown as IncomingMessage;
}

describe('the address of a request', () => {
  const peers = new Peers(['10.0.0.0/8', '::1/128']);

  test.each([
    ['a peer that is not trusted, whatever it says', '192.0.2.1', '203.0.113.7', '192.0.2.1'],
    ['nothing of a trusted peer that says nothing', '10.0.0.1', undefined, undefined],
    ['without the port that a trusted peer adds', '10.0.0.1', '203.0.113.7:41234', '203.0.113.7'],
    ['without the brackets that a trusted peer adds', '10.0.0.1', '[2001:db8::7]:443', '2001:db8::7'],
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
  const isLocal = (address: string, headers: Record<string, string>, trusted: readonly string[] = []): boolean =>
    new Peers(trusted).isLocal(request(address, headers));

  test.each([
    ['127.0.0.1', true],
    ['127.8.9.1', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['192.0.2.1', false],
    ['2001:db8::1', false],
  ])('comes from %s: %s', (address, local) => {
    expect(isLocal(address, { host: 'localhost:8080' })).toBe(local);
  });

  test.each([
    ...['localhost', 'LOCALHOST:1', '127.0.0.1', '127.0.0.1:8080', '127.1.2.3', '[::1]', '[::1]:8080'].map(
      (host) => [host, true] as const,
    ),
    ...['rebound.example', 'rebound.example:8080', '192.0.2.1', '127.0.0.1.nip.io', 'localhost.example', ''].map(
      (host) => [host, false] as const,
    ),
    ...['xlocalhost', '[2001:db8::1]', '[127.0.0.1', '127.0.0.1@x', '0.0.0.0', '2130706433', '127.1', '0177.0.0.1'].map(
      (host) => [host, false] as const,
    ),
    ...['localhost:', 'localhost:x', 'localhost, x', 'unix:/x'].map((host) => [host, false] as const),
  ])('asks for the host %s: %s', (host, local) => {
    expect(isLocal('127.0.0.1', { host })).toBe(local);
  });

  test('names its host, and once', () => {
    expect(isLocal('127.0.0.1', {})).toBe(false);
    const twice = request('127.0.0.1', { host: 'localhost', Host: 'localhost' });
    expect(new Peers([]).isLocal(twice)).toBe(false);
  });

  const FORWARDING = [
    'X-Forwarded-For',
    'Forwarded',
    'X-Real-IP',
    'Via',
    'CDN-Loop',
    'True-Client-IP',
    'X-Forwarded-Host',
  ];
  test.each([
    ...FORWARDING,
    ...FORWARDING.map((name) => name.replaceAll('-', '_')),
    ...FORWARDING.map((name) => name.replaceAll('-', '.')),
    ...FORWARDING.map((name) => name.replaceAll('-', '!')),
    'X-Forwarded-Anything',
    'CF-Connecting-IP',
    'X-Client-Id',
    'x~original~uri',
  ])('has no %s', (name) => {
    for (const trusted of [[], ['127.0.0.0/8']]) {
      expect(isLocal('127.0.0.1', { host: 'localhost', [name]: '127.0.0.1' }, trusted)).toBe(false);
    }
  });

  test('may have any other header', () => {
    const headers = { host: 'localhost', accept: '*/*', connection: 'close', 'X-Request-Id': '1', te: 'trailers' };
    expect(isLocal('127.0.0.1', headers, ['127.0.0.0/8'])).toBe(true);
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
