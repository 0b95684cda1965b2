/**
 * Runs the Wycheproof signature vectors (C2SP, Apache-2.0) against the verifier and the DER converter.
 *
 * They are not part of this repository. `APIKEY_VECTORS` names their folder, which is otherwise looked for beside the
 * repository; where it is absent the test is skipped, unless `APIKEY_TEST_REQUIRE` holds the word `vectors`.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ALGORITHMS, type Alg } from '../src/jose/algorithms.ts';
import { derToRaw } from '../src/jose/der.ts';
import { JwsError } from '../src/jose/errors.ts';
import { importJwk } from '../src/jose/jwk.ts';
import { verifySignature } from '../src/jose/verify.ts';

const FOLDER = process.env['APIKEY_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));
const REQUIRED = (process.env['APIKEY_TEST_REQUIRE'] ?? '').split(/\s+/u).includes('vectors');

const hex = z.string().transform((text) => Buffer.from(text, 'hex'));
const Manifest = z.object({
  files: z.array(z.object({ file: z.string(), tests: z.int(), valid: z.int(), use: z.string() })),
  total_tests: z.int(),
});
const Case = z.object({
  tcId: z.int(),
  comment: z.string(),
  msg: hex,
  sig: hex,
  ctx: z.string().optional(),
  result: z.enum(['valid', 'invalid', 'acceptable']),
});
const VectorFile = z.object({
  testGroups: z.array(
    z.object({
      publicKeyDer: hex,
      publicKeyJwk: z.unknown().optional(),
      keyJwk: z.unknown().optional(),
      tests: z.array(Case),
    }),
  ),
});
type Vector = z.infer<typeof Case>;

interface Use {
  readonly alg: Alg;
  readonly form: 'jose' | 'der';
  readonly accepts: (vector: Vector) => boolean;
}

// "Acceptable" is not good enough.
const valid = (vector: Vector): boolean => vector.result === 'valid';
// JOSE has no context for ML-DSA (RFC 9964 section 4).
const withoutContext = (vector: Vector): boolean => valid(vector) && (vector.ctx ?? '') === '';
const none = (): boolean => false;
// Made with a 32-byte salt in a file about empty salts: invalid there, and just what RFC 7518 section 3.5 asks for.
const fullSalt = (vector: Vector): boolean => vector.comment.includes('s_len changed to 32');

const jose = (alg: Alg, accepts = valid): Use => ({ alg, form: 'jose', accepts });
const der = (alg: Alg): Use => ({ alg, form: 'der', accepts: valid });

const USES: Readonly<Record<string, Use>> = {
  'ecdsa_secp256k1_sha256_p1363_test.json': jose('ES256', none),
  'ecdsa_secp256r1_sha256_p1363_test.json': jose('ES256'),
  'ecdsa_secp256r1_sha256_test.json': der('ES256'),
  'ecdsa_secp256r1_sha512_p1363_test.json': jose('ES256', none),
  'ecdsa_secp384r1_sha384_p1363_test.json': jose('ES384'),
  'ecdsa_secp384r1_sha384_test.json': der('ES384'),
  'ecdsa_secp521r1_sha512_p1363_test.json': jose('ES512'),
  'ecdsa_secp521r1_sha512_test.json': der('ES512'),
  'ed25519_test.json': jose('EdDSA'),
  'mldsa_44_verify_test.json': jose('ML-DSA-44', withoutContext),
  'mldsa_65_verify_test.json': jose('ML-DSA-65', withoutContext),
  'mldsa_87_verify_test.json': jose('ML-DSA-87', withoutContext),
  'rsa_pss_2048_sha256_mgf1_0_test.json': jose('PS256', fullSalt),
  'rsa_pss_2048_sha256_mgf1_32_test.json': jose('PS256'),
  'rsa_pss_2048_sha256_mgf1sha1_20_test.json': jose('PS256', none),
  'rsa_pss_2048_sha384_mgf1_48_test.json': jose('PS384'),
  'rsa_pss_3072_sha256_mgf1_32_test.json': jose('PS256'),
  'rsa_pss_4096_sha256_mgf1_32_test.json': jose('PS256'),
  'rsa_pss_4096_sha384_mgf1_48_test.json': jose('PS384'),
  'rsa_pss_4096_sha512_mgf1_32_test.json': jose('PS512', none),
  'rsa_pss_4096_sha512_mgf1_64_test.json': jose('PS512'),
  'rsa_signature_2048_sha256_test.json': jose('RS256'),
  'rsa_signature_2048_sha384_test.json': jose('RS384'),
  'rsa_signature_2048_sha512_test.json': jose('RS512'),
  'rsa_signature_3072_sha256_test.json': jose('RS256'),
  'rsa_signature_4096_sha256_test.json': jose('RS256'),
};

function readJson<T>(schema: z.ZodType<T>, ...path: string[]): T {
  return schema.parse(JSON.parse(readFileSync(join(FOLDER, ...path), 'utf8')));
}

/** A key that cannot be imported verifies nothing. */
function importDer(spki: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function accepted({ alg, form }: Use, key: KeyObject | undefined, { msg, sig }: Vector): boolean {
  if (key === undefined) return false;
  if (form === 'jose') return verifySignature(alg, key, msg, sig);
  const algorithm = ALGORITHMS[alg];
  if (algorithm.kty !== 'EC') throw new TypeError(`${alg} has no DER signatures`);
  try {
    return verifySignature(alg, key, msg, derToRaw(sig, algorithm.coordinateBytes));
  } catch (error) {
    if (error instanceof JwsError) return false;
    throw error;
  }
}

function runVectors(): void {
  const manifest = readJson(Manifest, 'manifest.json');
  let ran = 0;

  test.each(manifest.files)('$file: $use', ({ file, tests }) => {
    const use = USES[file];
    if (use === undefined) throw new Error('a file of vectors that this test has no use for');
    const { testGroups } = readJson(VectorFile, 'wycheproof', file);
    let cases = 0;
    const wrong: string[] = [];
    for (const group of testGroups) {
      const key = importDer(group.publicKeyDer);
      for (const vector of group.tests) {
        cases += 1;
        const right = accepted(use, key, vector) === use.accepts(vector);
        if (!right) wrong.push(`${vector.tcId} ${vector.result}: ${vector.comment}`);
      }
      const jwk = group.publicKeyJwk ?? group.keyJwk;
      if (jwk !== undefined && key !== undefined && use.accepts !== none) expect(importJwk(jwk).equals(key)).toBe(true);
    }
    expect(wrong).toEqual([]);
    expect(cases).toBe(tests);
    ran += cases;
  });

  test('every case of the manifest was run', () => {
    expect(ran).toBe(manifest.total_tests);
    expect(ran).toBe(manifest.files.reduce((sum, { tests }) => sum + tests, 0));
    expect(manifest.files.map(({ file }) => file).toSorted()).toEqual(Object.keys(USES).toSorted());
  });
}

function reportAbsence(): void {
  test('every case of the manifest was run', ({ skip }) => {
    const reason = 'there are no vectors beside the repository, and APIKEY_VECTORS names no folder that has them';
    skip(!REQUIRED, reason);
    expect.fail(reason);
  });
}

const define = existsSync(join(FOLDER, 'manifest.json')) ? runVectors : reportAbsence;
define();
