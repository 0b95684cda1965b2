import { describe, expect, test } from 'vitest';
import { ALGORITHMS, isAlg, isSigningAlg, listAlgs, supportsAlg } from './algorithms.ts';
import { samplePair, sampleSignature } from './sample-keys.fixture.ts';
import { keySuits } from './suitability.ts';

test('the table holds the algorithms to sign with and those to verify only', () => {
  expect(listAlgs().filter((alg) => isSigningAlg(alg))).toEqual([
    'ES256',
    'ES384',
    'RS256',
    'PS256',
    'EdDSA',
    'ML-DSA-44',
    'ML-DSA-65',
  ]);
  expect(listAlgs().filter((alg) => !isSigningAlg(alg))).toEqual([
    'ES512',
    'RS384',
    'RS512',
    'PS384',
    'PS512',
    'ML-DSA-87',
  ]);
});

test.each([
  'none',
  'None',
  'HS256',
  'HS384',
  'HS512',
  'es256',
  'ES256 ',
  'ES256K',
  'Ed448',
  '',
  '__proto__',
  'constructor',
  'toString',
])('"%s" is no algorithm', (name) => {
  expect(isAlg(name)).toBe(false);
  expect(isSigningAlg(name)).toBe(false);
});

test('the runtime of this test supports every algorithm', () => {
  expect(listAlgs().filter((alg) => !supportsAlg(alg))).toEqual([]);
  expect(supportsAlg('ML-DSA-44')).toBe(true);
});

describe.each(listAlgs())('%s', (alg) => {
  const algorithm = ALGORITHMS[alg];

  test('makes keys and signatures of the type and length that its row says', () => {
    const { publicKey, privateKey } = samplePair(alg);
    const signature = sampleSignature(alg, privateKey, Buffer.from('data'));
    const expected = algorithm.kty === 'RSA' ? algorithm.minModulusBits / 8 : algorithm.signatureBytes;
    expect(signature).toHaveLength(expected);
    expect(keySuits(alg, publicKey)).toBe(true);
  });

  test('is sent to KMS as a digest unless it hashes for itself', () => {
    expect(algorithm.kms.messageType).toBe(algorithm.digest === null ? 'RAW' : 'DIGEST');
  });

  test('has hash, salt and KMS names that agree', () => {
    const bits = algorithm.digest?.slice('sha'.length) ?? '';
    if (algorithm.digest !== null) expect(algorithm.kms.signingAlgorithm).toMatch(new RegExp(`_SHA_${bits}$`, 'u'));
    if (algorithm.kty === 'RSA') {
      expect(algorithm.saltBytes).toBe(algorithm.padding === 'pss' ? Number(bits) / 8 : 0);
      expect(algorithm.kms.keySpecs).toContain(`RSA_${algorithm.newModulusBits}`);
    }
    if (algorithm.kty === 'EC') expect(algorithm.signatureBytes).toBe(2 * algorithm.coordinateBytes);
  });
});
