/** Private keys held in this process: how each algorithm of the table makes one and signs with it. */
import { constants, generateKeyPair, sign, type KeyObject, type SignKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';
import { InvalidValueError } from '../domain/errors.ts';
import { ALGORITHMS, supportsAlg, type Algorithm, type SigningAlg } from '../jose/algorithms.ts';
import { keySuits } from '../jose/suitability.ts';
import { InvalidStateError } from '../ports/errors.ts';

/** The two halves of a signing key. */
export interface SoftwareKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Makes a key pair off the event loop. Throws `INVALID_ALG` where the runtime lacks the algorithm. */
export async function generateSoftwareKey(alg: SigningAlg): Promise<SoftwareKey> {
  if (!supportsAlg(alg)) {
    throw new InvalidValueError('INVALID_ALG', `${alg} is not available here`, {
      why: 'this version of Node.js does not implement it',
      fix: 'use Node.js 24 or newer, or another algorithm',
    });
  }
  return generate(ALGORITHMS[alg]);
}

function generate(algorithm: Algorithm): Promise<SoftwareKey> {
  const make = promisify(generateKeyPair);
  if (algorithm.kty === 'EC') return make('ec', { namedCurve: algorithm.namedCurve });
  if (algorithm.kty === 'RSA') return make('rsa', { modulusLength: algorithm.newModulusBits });
  return algorithm.kty === 'OKP' ? make('ed25519') : make(algorithm.keyType);
}

/**
 * Signs a JWS signing input; the signature has the form that RFC 7518 (ECDSA: r||s), RFC 8037 and RFC 9964 ask for.
 * Throws `WRONG_STATE` if the key is for another algorithm.
 */
export function signWithSoftwareKey(key: SoftwareKey, alg: SigningAlg, input: Uint8Array): Uint8Array {
  const algorithm = ALGORITHMS[alg];
  if (!keySuits(alg, key.publicKey)) {
    throw new InvalidStateError('WRONG_STATE', `this key does not sign with ${alg}`, {
      why: `its type is ${key.publicKey.asymmetricKeyType ?? 'unknown'}`,
      fix: 'the key ring names another algorithm than the key is for: check the ring with apikey doctor',
    });
  }
  return sign(algorithm.digest, input, signatureForm(algorithm, key.privateKey));
}

function signatureForm(algorithm: Algorithm, key: KeyObject): SignKeyObjectInput {
  if (algorithm.kty === 'EC') return { key, dsaEncoding: 'ieee-p1363' };
  if (algorithm.kty !== 'RSA') return { key };
  return algorithm.padding === 'pss'
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltBytes }
    : { key, padding: constants.RSA_PKCS1_PADDING };
}
