/** Key pairs and signatures for this folder's tests, made from the algorithm table; nothing else imports it. */
import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { ALGORITHMS, type Alg } from './algorithms.ts';

export interface SamplePair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A new pair; RSA keys get the smallest size that is allowed, which is the fastest to find. */
export function samplePair(alg: Alg): SamplePair {
  const algorithm = ALGORITHMS[alg];
  if (algorithm.kty === 'EC') return generateKeyPairSync('ec', { namedCurve: algorithm.namedCurve });
  if (algorithm.kty === 'RSA') return generateKeyPairSync('rsa', { modulusLength: algorithm.minModulusBits });
  return algorithm.kty === 'OKP' ? generateKeyPairSync('ed25519') : generateKeyPairSync(algorithm.keyType);
}

/** A signature in JOSE form. */
export function sampleSignature(alg: Alg, privateKey: KeyObject, data: Uint8Array): Uint8Array {
  const algorithm = ALGORITHMS[alg];
  if (algorithm.kty === 'EC') return sign(algorithm.digest, data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  if (algorithm.kty !== 'RSA' || algorithm.padding === 'pkcs1') return sign(algorithm.digest, data, privateKey);
  const { digest, saltBytes: saltLength } = algorithm;
  return sign(digest, data, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

/** A token over any header and payload texts, however odd, with a signature that holds. */
export function sampleToken(alg: Alg, privateKey: KeyObject, header: string, payload: string): string {
  const signed = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`;
  return `${signed}.${Buffer.from(sampleSignature(alg, privateKey, Buffer.from(signed))).toString('base64url')}`;
}

/** The code of the error that `run` throws, `TypeError`, or `none`. */
export function codeOf(run: () => unknown): string {
  try {
    run();
    return 'none';
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
    return error instanceof Error ? error.name : 'not an error';
  }
}
