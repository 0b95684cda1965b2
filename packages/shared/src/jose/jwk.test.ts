import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, importJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { listAlgs } from './algorithms.ts';
import { exportJwk, importJwk, parseJwk } from './jwk.ts';
import { toJwks } from './jwks.ts';
import { codeOf, samplePair } from './sample-keys.fixture.ts';
import { thumbprint } from './thumbprint.ts';

describe.each(listAlgs())('a key for %s', (alg) => {
  const { publicKey, privateKey } = samplePair(alg);
  const jwk = exportJwk(publicKey);

  test('has the thumbprint that jose calculates', async () => {
    const expected = await calculateJwkThumbprint(await exportJWK(publicKey), 'sha256');
    expect(thumbprint(publicKey)).toBe(expected);
    expect(thumbprint(jwk)).toBe(expected);
    expect(expected).toHaveLength(43);
  });

  test('survives the way to JWK and back', () => {
    expect(importJwk(jwk).equals(publicKey)).toBe(true);
    expect(importJwk({ ...jwk, use: 'sig', alg, kid: 'k', key_ops: ['verify'], ext: true }).equals(publicKey)).toBe(
      true,
    );
  });

  test('is published with use, alg and kid, and jose imports it', async () => {
    const kid = thumbprint(publicKey);
    const { keys } = toJwks([{ kid, alg, publicKey }]);
    expect(keys).toEqual([{ ...jwk, use: 'sig', alg, kid }]);
    await expect(importJWK({ ...keys[0] })).resolves.toBeDefined();
  });

  test('is refused as a JWK while it is private', () => {
    expect(codeOf(() => exportJwk(privateKey))).toBe('JWK_INVALID');
    expect(codeOf(() => thumbprint(privateKey))).toBe('JWK_INVALID');
    expect(codeOf(() => importJwk(privateKey.export({ format: 'jwk' })))).toBe('JWK_INVALID');
  });
});

// RFC 7638 section 3.1.
const RFC_7638_KEY = {
  kty: 'RSA',
  n:
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs' +
    'tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91C' +
    'bOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
};

test('the thumbprint of the key in RFC 7638 is the one printed there', () => {
  expect(thumbprint(parseJwk(RFC_7638_KEY))).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
});

describe('strict reading', () => {
  const ec = exportJwk(samplePair('ES256').publicKey);
  const rsa = exportJwk(samplePair('RS256').publicKey);
  const okp = exportJwk(samplePair('EdDSA').publicKey);
  const akp = exportJwk(samplePair('ML-DSA-44').publicKey);

  test.each([
    ['null', null],
    ['a string', 'EC'],
    ['a list', [ec]],
    ['no key type', { ...ec, kty: undefined }],
    ['another spelling of the key type', { ...ec, kty: 'ec' }],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
    ['another curve', { ...ec, crv: 'P-384' }],
    ['an unsupported curve', { ...ec, crv: 'secp256k1' }],
    ['X25519', { ...okp, crv: 'X25519' }],
    ['a coordinate that is missing', { ...ec, y: undefined }],
    ['a coordinate that is a number', { ...ec, x: 1 }],
    ['a short coordinate', { ...ec, x: 'AAAA' }],
    ['a coordinate with padding', { ...ec, x: `${'x' in ec ? ec.x : ''}=` }],
    ['an OKP key of the wrong size', { ...okp, x: 'AAAA' }],
    ['an AKP key of the wrong size', { ...akp, alg: 'ML-DSA-65' }],
    ['an AKP key without alg', { ...akp, alg: undefined }],
    ['an AKP seed', { ...akp, priv: 'AAAA' }],
    ['a private exponent', { ...rsa, d: 'AQAB' }],
    ['a private member that is undefined', { ...rsa, d: undefined }],
    ['a symmetric member', { ...rsa, k: 'AQAB' }],
    ['a certificate', { ...rsa, x5c: ['AAAA'] }],
    ['a modulus with a leading zero', { ...rsa, n: 'AAEB' }],
    ['an empty exponent', { ...rsa, e: '' }],
    ['an exponent with a leading zero', { ...rsa, e: 'AAEAAQ' }],
    ['a member of another key type', { ...ec, pub: 'AAAA' }],
    ['an alg for another key', { ...ec, alg: 'ES384' }],
    ['a symmetric alg', { ...rsa, alg: 'HS256' }],
    ['a key for encryption', { ...rsa, use: 'enc' }],
    ['a key for signing', { ...rsa, key_ops: ['sign', 'verify'] }],
    ['a kid that is a number', { ...rsa, kid: 1 }],
  ])('%s is refused', (_, value) => {
    expect(codeOf(() => importJwk(value))).toBe('JWK_INVALID');
  });

  test('a point that is not on its curve is refused', () => {
    expect(codeOf(() => importJwk({ ...ec, x: 'A'.repeat(43) }))).toBe('JWK_INVALID');
  });

  test('members about the key do not come back with it', () => {
    expect(Object.keys(parseJwk({ ...RFC_7638_KEY }))).toEqual(['kty', 'n', 'e']);
  });
});

test.each([
  ['a secret key', createSecretKey(Buffer.alloc(32))],
  ['a key bound to PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey],
  ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey],
  ['X25519', generateKeyPairSync('x25519').publicKey],
  ['Ed448', generateKeyPairSync('ed448').publicKey],
])('%s has neither JWK nor thumbprint', (_, key) => {
  expect(codeOf(() => exportJwk(key))).toBe('JWK_INVALID');
  expect(codeOf(() => thumbprint(key))).toBe('JWK_INVALID');
});

test('a compressed point has the thumbprint of the same key', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const odd = (Buffer.from(y ?? '', 'base64url').at(-1) ?? 0) % 2;
  const prefix = '3039301306072a8648ce3d020106082a8648ce3d03010703220002'.slice(0, -2) + (odd === 1 ? '03' : '02');
  const der = Buffer.concat([Buffer.from(prefix, 'hex'), Buffer.from(x ?? '', 'base64url')]);
  expect(thumbprint(createPublicKey({ key: der, format: 'der', type: 'spki' }))).toBe(thumbprint(publicKey));
});

test('a key set holds no key under a foreign kid or algorithm', () => {
  const { publicKey } = samplePair('ES256');
  const kid = thumbprint(samplePair('ES256').publicKey);
  expect(codeOf(() => toJwks([{ kid, alg: 'ES256', publicKey }]))).toBe('JWK_INVALID');
  expect(codeOf(() => toJwks([{ kid: thumbprint(publicKey), alg: 'ES384', publicKey }]))).toBe('JWS_KEY_UNSUITABLE');
  expect(toJwks([])).toEqual({ keys: [] });
});
