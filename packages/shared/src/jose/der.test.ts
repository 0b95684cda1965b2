import { sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derToRaw, rawToDer } from './der.ts';
import { codeOf, samplePair } from './sample-keys.fixture.ts';

const seed = 20_262;
const SIZES = [32, 48, 66] as const;

/** r||s with halves that often begin with zeros or a set top bit. */
function rawSignature(size: number): fc.Arbitrary<Uint8Array> {
  const half = fc
    .tuple(fc.nat(size - 1), fc.uint8Array({ minLength: size, maxLength: size }))
    .map(([zeros, bytes]) => bytes.fill(0, 0, zeros))
    .filter((bytes) => bytes.some((byte) => byte !== 0));
  return fc.tuple(half, half).map(([r, s]) => Buffer.concat([r, s]));
}

describe.each(SIZES)('with %i bytes per coordinate', (size) => {
  test('r||s survives the way to DER and back', () => {
    fc.assert(
      fc.property(rawSignature(size), (raw) => {
        expect(Buffer.from(derToRaw(rawToDer(raw), size))).toEqual(Buffer.from(raw));
      }),
      { seed, numRuns: 500 },
    );
  });

  test('damaged DER is refused, or is the one encoding of another signature', () => {
    const damage = fc.tuple(
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom('set', 'insert', 'delete', 'cut'),
    );
    fc.assert(
      fc.property(rawSignature(size), fc.array(damage, { minLength: 1, maxLength: 3 }), (raw, damages) => {
        let der = Buffer.from(rawToDer(raw));
        for (const [where, byte, how] of damages) {
          // Most positions that matter are the first few.
          const at = where % (where % 2 === 0 ? 8 : der.length + 1);
          if (how === 'set') der = Buffer.concat([der.subarray(0, at), Buffer.of(byte), der.subarray(at + 1)]);
          if (how === 'insert') der = Buffer.concat([der.subarray(0, at), Buffer.of(byte), der.subarray(at)]);
          if (how === 'delete') der = Buffer.concat([der.subarray(0, at), der.subarray(at + 1)]);
          if (how === 'cut') der = der.subarray(0, at);
        }
        const code = codeOf(() => derToRaw(der, size));
        expect(['none', 'JWS_SIGNATURE_ENCODING']).toContain(code);
        if (code === 'none') expect(Buffer.from(rawToDer(derToRaw(der, size)))).toEqual(der);
      }),
      { seed, numRuns: 3000 },
    );
  });
});

test.each([
  ['ES256', 'sha256', 32],
  ['ES384', 'sha384', 48],
  ['ES512', 'sha512', 66],
] as const)('what OpenSSL signs with %s converts into what it verifies as r||s', (alg, digest, size) => {
  const { publicKey, privateKey } = samplePair(alg);
  const data = Buffer.from('data');
  for (let i = 0; i < 40; i++) {
    const der = sign(digest, data, privateKey);
    const raw = derToRaw(der, size);
    expect(verify(digest, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true);
    expect(Buffer.from(rawToDer(raw))).toEqual(der);
  }
});

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('the smallest signature has eight bytes', () => {
  expect(Buffer.from(rawToDer(hex('0001 0002')))).toEqual(hex('3006 020101 020102'));
  expect(Buffer.from(derToRaw(hex('3006 020101 020102'), 2))).toEqual(hex('0001 0002'));
});

test.each([
  ['nothing', ''],
  ['another tag than sequence', '3106 020101 020102'],
  ['a long-form length where the short one fits', '308106 020101 020102'],
  ['a length of two bytes', '30820006 020101 020102'],
  ['an indefinite length', '3080 020101 020102 0000'],
  ['trailing data', '3006 020101 020102 00'],
  ['trailing data within the sequence', '3008 020101 020102 0500'],
  ['a sequence that is cut off', '3006 020101 0201'],
  ['an integer that is cut off', '3006 020101 020402'],
  ['another tag than integer', '3006 020101 030102'],
  ['one integer', '3003 020101'],
  ['three integers', '3009 020101 020102 020103'],
  ['a negative integer', '3006 020181 020102'],
  ['an integer with a needless zero', '3007 02020001 020102'],
  ['an integer without content', '3005 0200 020102'],
  ['r = 0', '3006 020100 020102'],
  ['s = 0', '3006 020101 020100'],
  ['an integer longer than the coordinate', '3008 0203010000 020102'],
  ['an integer whose length has the long form', '3007 02810101 020102'],
])('%s is refused', (_, text) => {
  expect(codeOf(() => derToRaw(hex(text), 2))).toBe('JWS_SIGNATURE_ENCODING');
});

test('r||s with a zero half is refused, and an impossible length is a mistake of the caller', () => {
  expect(codeOf(() => rawToDer(hex('0000 0001')))).toBe('JWS_SIGNATURE_ENCODING');
  expect(codeOf(() => rawToDer(hex('0001 0000')))).toBe('JWS_SIGNATURE_ENCODING');
  for (const length of [0, 3, 134]) expect(codeOf(() => rawToDer(new Uint8Array(length).fill(1)))).toBe('TypeError');
});
