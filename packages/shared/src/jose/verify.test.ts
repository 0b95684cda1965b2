import { createPublicKey, createSecretKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS, listAlgs } from './algorithms.ts';
import { codeOf, samplePair, sampleSignature, sampleToken } from './sample-keys.fixture.ts';
import { keySuits } from './suitability.ts';
import { thumbprint } from './thumbprint.ts';
import { prepareVerifier, verifyCompactJws, verifySignature } from './verify.ts';

const data = Buffer.from('what is signed');
const pairs = new Map(listAlgs().map((alg) => [alg, samplePair(alg)]));

describe.each([...pairs])('%s', (alg, { publicKey, privateKey }) => {
  const signature = sampleSignature(alg, privateKey, data);

  test('verifies its own signature, again and again', () => {
    expect(verifySignature(alg, publicKey, data, signature)).toBe(true);
    expect(verifySignature(alg, publicKey, data, signature)).toBe(true);
    expect(prepareVerifier(alg, publicKey)(data, signature)).toBe(true);
  });

  test('rejects other data, another key, and a changed, cut or lengthened signature', () => {
    expect(verifySignature(alg, publicKey, Buffer.from('other'), signature)).toBe(false);
    expect(verifySignature(alg, samplePair(alg).publicKey, data, signature)).toBe(false);
    for (const at of [0, Math.floor(signature.length / 2), signature.length - 1]) {
      const changed = Uint8Array.from(signature, (byte, i) => (i === at ? byte ^ 1 : byte));
      expect(verifySignature(alg, publicKey, data, changed)).toBe(false);
    }
    expect(verifySignature(alg, publicKey, data, signature.subarray(1))).toBe(false);
    expect(verifySignature(alg, publicKey, data, signature.subarray(0, -1))).toBe(false);
    expect(verifySignature(alg, publicKey, data, Buffer.concat([signature, Buffer.of(0)]))).toBe(false);
    expect(verifySignature(alg, publicKey, data, Buffer.concat([Buffer.of(0), signature]))).toBe(false);
    expect(verifySignature(alg, publicKey, data, new Uint8Array(0))).toBe(false);
    expect(verifySignature(alg, publicKey, data, new Uint8Array(signature.length))).toBe(false);
    expect(verifySignature(alg, publicKey, data, new Uint8Array(signature.length).fill(0xff))).toBe(false);
  });

  test('is not verified as any other algorithm, nor by any key of another', () => {
    for (const other of listAlgs()) {
      if (other === alg) continue;
      expect(verifySignature(other, publicKey, data, signature)).toBe(false);
      const key = pairs.get(other)?.publicKey;
      if (key !== undefined && ALGORITHMS[other].kty !== ALGORITHMS[alg].kty) expect(keySuits(alg, key)).toBe(false);
    }
  });

  test('takes no private key', () => {
    expect(verifySignature(alg, privateKey, data, signature)).toBe(false);
    expect(codeOf(() => prepareVerifier(alg, privateKey))).toBe('JWS_KEY_UNSUITABLE');
  });

  test('verifies a compact JWS of any payload, without typ or kid', () => {
    const token = sampleToken(alg, privateKey, JSON.stringify({ alg }), 'any text');
    expect(Buffer.from(verifyCompactJws(token, { alg, publicKey })).toString()).toBe('any text');
  });
});

const es256 = samplePair('ES256');
const rs256 = samplePair('RS256');

test.each(['none', 'HS256', 'ES256K', '', '__proto__'])('the algorithm "%s" verifies nothing', (alg) => {
  const signature = sampleSignature('ES256', es256.privateKey, data);
  expect(verifySignature(alg, es256.publicKey, data, signature)).toBe(false);
  expect(codeOf(() => prepareVerifier(alg, es256.publicKey))).toBe('JWS_ALG_UNKNOWN');
});

test('a DER signature is not accepted for ECDSA', () => {
  expect(verifySignature('ES256', es256.publicKey, data, sign('sha256', data, es256.privateKey))).toBe(false);
});

test('the other s that fits the same r is accepted, so no verdict may hang on the spelling of a signature', () => {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const signature = Buffer.from(sampleSignature('ES256', es256.privateKey, data));
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  const twin = Buffer.concat([
    signature.subarray(0, 32),
    Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'),
  ]);
  expect(twin).not.toEqual(signature);
  expect(verifySignature('ES256', es256.publicKey, data, twin)).toBe(true);
  const beyond = Buffer.concat([
    signature.subarray(0, 32),
    Buffer.from((order + s).toString(16).slice(-64).padStart(64, '0'), 'hex'),
  ]);
  expect(verifySignature('ES256', es256.publicKey, data, beyond)).toBe(false);
});

function rsaKey(modulusBits: number, exponent: string): KeyObject {
  const n = Buffer.alloc(Math.ceil(modulusBits / 8), 0xff);
  n[0] = 0xff >> (n.length * 8 - modulusBits);
  return createPublicKey({ key: { kty: 'RSA', n: n.toString('base64url'), e: exponent }, format: 'jwk' });
}

describe('keys that suit no algorithm', () => {
  test.each([
    ['an RSA key of 1,024 bits', rsaKey(1024, 'AQAB')],
    ['an RSA key of 2,047 bits', rsaKey(2047, 'AQAB')],
    ['an RSA key of 4,097 bits', rsaKey(4097, 'AQAB')],
    ['an RSA key with the exponent 1', rsaKey(2048, 'AQ')],
    ['an RSA key with an even exponent', rsaKey(2048, 'AQAA')],
    ['an RSA key bound to PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey],
    ['a key on secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey],
    ['a key on brainpool', generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' }).publicKey],
    ['an Ed448 key', generateKeyPairSync('ed448').publicKey],
    ['an X25519 key', generateKeyPairSync('x25519').publicKey],
    ['a secret key', createSecretKey(Buffer.alloc(32))],
  ])('%s', (_, key) => {
    expect(listAlgs().filter((alg) => keySuits(alg, key))).toEqual([]);
    for (const alg of listAlgs()) {
      expect(verifySignature(alg, key, data, new Uint8Array(64))).toBe(false);
      expect(codeOf(() => prepareVerifier(alg, key))).toBe('JWS_KEY_UNSUITABLE');
    }
  });

  test('RSA keys at both bounds do', () => {
    expect(keySuits('RS256', rsaKey(2048, 'AQAB'))).toBe(true);
    expect(keySuits('PS512', rsaKey(4096, 'Aw'))).toBe(true);
  });
});

test('a curve that is spelt out instead of named suits only if it is the named one to the last bit', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' });
  const der = publicKey.export({ format: 'der', type: 'spki' });
  const suits = (spki: Buffer): boolean => {
    try {
      const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
      // A changed seed is of no consequence: the key is the same.
      return keySuits('ES256', key) && thumbprint(key) !== thumbprint(publicKey);
    } catch {
      return false;
    }
  };
  expect(der.length).toBeGreaterThan(200);
  const changed = Array.from(der, (byte, at) => Buffer.from(der).fill(byte ^ 1, at, at + 1));
  expect(changed.filter((spki) => suits(spki))).toEqual([]);
});

test('what is no KeyObject or no Uint8Array is a mistake of the program', () => {
  const pem = es256.publicKey.export({ format: 'pem', type: 'spki' });
  const call = (...args: unknown[]): string => codeOf(() => Reflect.apply(verifySignature, undefined, args));
  expect(call('ES256', pem, data, new Uint8Array(64))).toBe('TypeError');
  expect(call('ES256', es256.publicKey, 'data', new Uint8Array(64))).toBe('TypeError');
  expect(call('ES256', es256.publicKey, data, 'A'.repeat(64))).toBe('TypeError');
  expect(codeOf(() => Reflect.apply(prepareVerifier, undefined, ['ES256', pem]))).toBe('TypeError');
  expect(codeOf(() => Reflect.apply(verifyCompactJws, undefined, ['', { alg: 'ES256', publicKey: pem }]))).toBe(
    'TypeError',
  );
});

describe('verifyCompactJws', () => {
  const token = sampleToken('ES256', es256.privateKey, '{"alg":"ES256"}', '{}');
  const code = (text: string, alg: string, publicKey: KeyObject): string =>
    codeOf(() => verifyCompactJws(text, { alg, publicKey }));

  test('says which rule is broken', () => {
    expect(code(token, 'ES256', es256.publicKey)).toBe('none');
    expect(code(token, 'ES384', es256.publicKey)).toBe('JWS_ALG_MISMATCH');
    expect(code(token, 'none', es256.publicKey)).toBe('JWS_ALG_UNKNOWN');
    expect(code(token, 'ES256', rs256.publicKey)).toBe('JWS_KEY_UNSUITABLE');
    expect(code(token, 'ES256', es256.privateKey)).toBe('JWS_KEY_UNSUITABLE');
    expect(code(token, 'ES256', samplePair('ES256').publicKey)).toBe('JWS_SIGNATURE');
    expect(code(`${token}AAAA`, 'ES256', es256.publicKey)).toBe('JWS_SIGNATURE');
    expect(code('A'.repeat(9 * 1024), 'ES256', es256.publicKey)).toBe('JWS_TOO_LONG');
    expect(code(token.replace('.', '..'), 'ES256', es256.publicKey)).toBe('JWS_MALFORMED');
  });

  test('an algorithm of the same key family is still another algorithm', () => {
    const ps256 = sampleToken('PS256', rs256.privateKey, '{"alg":"PS256"}', '{}');
    expect(code(ps256, 'PS256', rs256.publicKey)).toBe('none');
    expect(code(ps256, 'RS256', rs256.publicKey)).toBe('JWS_ALG_MISMATCH');
  });
});
