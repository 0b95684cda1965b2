import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressInCidrs, parseCidr } from './cidr.ts';
import { parseAudience, parseClientId, parseJti, parseJtiPrefix, parseRequestId, parseText } from './identifiers.ts';
import { coversScopes, effectiveScopes, MAX_SCOPES, parseScopes, splitScope } from './scopes.ts';

const seed = 20_261_122;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe('scopes', () => {
  it('are sorted and without repeats, however they were given', () => {
    expect(parseScopes(['plans:write plans:read', 'plans:read'])).toEqual(['plans:read', 'plans:write']);
    expect(parseScopes([])).toEqual([]);
  });

  it.each(['', ' ', 'a  b', ' a', 'a ', 'a"b', 'a\\b', 'ä', 'a\tb', 'x'.repeat(129)])('refuse %j', (text) => {
    expect(() => parseScopes([text])).toThrow(code('INVALID_SCOPE'));
  });

  it('are limited in number', () => {
    const many = Array.from({ length: MAX_SCOPES + 1 }, (_, index) => `scope:${index}`);
    expect(parseScopes(many.slice(1))).toHaveLength(MAX_SCOPES);
    expect(() => parseScopes(many)).toThrow(code('INVALID_SCOPE'));
  });

  it('are narrowed by the client, never widened', () => {
    const scope = fc.constantFrom('a', 'b', 'c', 'd');
    fc.assert(
      fc.property(fc.array(scope), fc.option(fc.array(scope), { nil: undefined }), (token, client) => {
        const effective = effectiveScopes(token, client === undefined ? {} : { scopes: client });
        expect(coversScopes(token, effective)).toBe(true);
        expect(coversScopes(client ?? token, effective)).toBe(true);
        for (const one of token) expect(effective.includes(one)).toBe(client === undefined || client.includes(one));
      }),
      { seed },
    );
  });

  it('split the claim', () => {
    expect(splitScope(undefined)).toEqual([]);
    expect(splitScope('a b')).toEqual(['a', 'b']);
  });
});

describe('address ranges', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['203.0.113.7', '203.0.113.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1/128'],
    ['::ffff:10.1.2.0/120', '10.1.2.0/24'],
    ['::/0', '::/0'],
  ])('take %s as %s', (text, canonical) => {
    expect(parseCidr(text)).toBe(canonical);
    expect(parseCidr(canonical)).toBe(canonical);
  });

  it.each([
    '',
    '10/8',
    '10.0.0.0/33',
    '10.0.0.1/33',
    '10.0.0.1/8',
    '10.0.0.0/',
    '10.0.0.0/08',
    '010.0.0.0/8',
    '10.0.0.256/32',
    '1.2.3/24',
    '0x0a.0.0.0/8',
    '10.0.0.0/8/8',
    '2001:db8::/129',
    '2001:db8::1/32',
    '2001:db8:::/32',
    'fe80::1%eth0/64',
    'localhost',
    '*',
    '10.0.0.0-10.0.0.9',
    ' 10.0.0.0/8',
    '::ffff:10.0.0.0/95x',
  ])('refuse %j', (text) => {
    expect(() => parseCidr(text)).toThrow(code('INVALID_CIDR'));
  });

  it.each([
    ['10.1.2.3', ['10.0.0.0/8'], true],
    ['11.1.2.3', ['10.0.0.0/8'], false],
    ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
    ['2001:db8::7', ['2001:db8::/32'], true],
    ['2001:db9::7', ['10.0.0.0/8', '2001:db8::/32'], false],
    ['10.1.2.3', ['::/0'], false],
    ['2001:db8::7', ['0.0.0.0/0'], false],
    ['10.1.2.3', [], false],
    ['10.0.0.0/8', ['10.0.0.0/8'], false],
    ['', ['0.0.0.0/0'], false],
    ['10.1.2.3, 10.0.0.1', ['0.0.0.0/0'], false],
    ['010.1.2.3', ['0.0.0.0/0'], false],
    ['10.1.2.3', ['nonsense', '10.0.0.0/8'], true],
    ['10.1.2.3', ['nonsense'], false],
  ])('decide that %s in %j is %s', (address, cidrs, inside) => {
    expect(addressInCidrs(address, cidrs)).toBe(inside);
  });

  it('hold exactly the addresses that share their prefix', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const address = fc.tuple(octet, octet, octet, octet);
    const number = (parts: readonly number[]): number => parts.reduce((sum, part) => sum * 256 + part, 0);
    const text = (value: number): string =>
      [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
    fc.assert(
      fc.property(address, address, fc.integer({ min: 0, max: 32 }), (inside, other, bits) => {
        const size = 2 ** (32 - bits);
        const base = Math.floor(number(inside) / size) * size;
        const cidr = parseCidr(`${text(base)}/${bits}`);
        expect(addressInCidrs(inside.join('.'), [cidr])).toBe(true);
        expect(addressInCidrs(other.join('.'), [cidr])).toBe(number(other) >= base && number(other) < base + size);
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe('identifiers', () => {
  it.each(['partner', 'a', '0', 'acme.billing-2_x', 'a'.repeat(63)])('take the client id %s', (id) => {
    expect(parseClientId(id)).toBe(id);
  });

  it.each(['', 'Partner', '-a', '.a', '_a', 'a b', 'a/b', 'a#b', 'ä', 'a'.repeat(64), 'a\n', '../a'])(
    'refuse the client id %j',
    (id) => {
      expect(() => parseClientId(id)).toThrow(code('INVALID_CLIENT'));
    },
  );

  it('take a token id in any case, whole or by its first characters', () => {
    const jti = '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11';
    expect(parseJti(jti.toUpperCase())).toBe(jti);
    expect(parseJtiPrefix('3F0E8A')).toBe('3f0e8a');
    for (const wrong of ['', jti.slice(1), `${jti}0`, 'x'.repeat(36), '*']) {
      expect(() => parseJti(wrong)).toThrow(code('INVALID_JTI'));
    }
    for (const wrong of ['3f0e8', 'zzzzzz', `${jti}0`, '3f0e8%']) {
      expect(() => parseJtiPrefix(wrong)).toThrow(code('INVALID_JTI'));
    }
  });

  it('take request ids and audiences without spaces, and nothing that looks like a token', () => {
    expect(parseRequestId('CHG-1234/2027')).toBe('CHG-1234/2027');
    expect(parseAudience('https://api.example.gov')).toBe('https://api.example.gov');
    const tokenLike = ['eyJhbGciOiJFUzI1NiJ9', 'e30', 'AAAA'].join('.');
    for (const wrong of ['', 'a b', 'ä', 'x'.repeat(600), 'a\n', tokenLike]) {
      expect(() => parseRequestId(wrong)).toThrow(code('INVALID_REQUEST_ID'));
      expect(() => parseAudience(wrong)).toThrow(code('INVALID_AUDIENCE'));
    }
  });

  it('take free text on one line that is safe to print, and nothing else', () => {
    expect(parseText('note', 'Ticket 7: für den Müller 🙂', 100)).toBe('Ticket 7: für den Müller 🙂');
    for (const wrong of [
      '',
      '  ',
      'a\nb',
      'a\u001B[31mb',
      'a\u202Eb',
      'a\uD800',
      'x'.repeat(101),
      'token eyJhbGciOiJFUzI1NiJ9',
    ]) {
      expect(() => parseText('note', wrong, 100)).toThrow(code('INVALID_TEXT'));
    }
  });
});
