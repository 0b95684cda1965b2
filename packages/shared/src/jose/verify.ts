/** Verifies JWS signatures with a key that has been checked against the algorithm once. */
import { constants, KeyObject, verify } from 'node:crypto';
import { ALGORITHMS, isAlg, type Alg, type RsaAlgorithm } from './algorithms.ts';
import { parseCompact } from './compact.ts';
import { rawToDer } from './der.ts';
import { JwsError } from './errors.ts';
import { keySuits } from './suitability.ts';

/** True if `signature` over `data` holds. Never throws, whatever the bytes are. */
export type Verifier = (data: Uint8Array, signature: Uint8Array) => boolean;

/**
 * Binds a public key to its one algorithm, for use with many signatures.
 *
 * @throws JwsError `JWS_ALG_UNKNOWN`, or `JWS_KEY_UNSUITABLE` (also for private and secret keys); TypeError if
 *   `publicKey` is not a KeyObject
 */
export function prepareVerifier(alg: string, publicKey: KeyObject): Verifier {
  requireKeyObject(publicKey);
  if (!isAlg(alg)) throw new JwsError('JWS_ALG_UNKNOWN');
  if (!keySuits(alg, publicKey)) throw new JwsError('JWS_KEY_UNSUITABLE');
  const check = signatureCheck(alg, publicKey);
  return (data, signature) => {
    try {
      return check(data, signature);
    } catch {
      // OpenSSL throws on some signatures where others are merely wrong: neither proves anything.
      return false;
    }
  };
}

function signatureCheck(alg: Alg, key: KeyObject): Verifier {
  const algorithm = ALGORITHMS[alg];
  if (algorithm.kty === 'RSA') return rsaCheck(algorithm, key);
  const { digest, signatureBytes } = algorithm;
  // With a bare KeyObject and DER, a verification takes two thirds of the time it takes with `dsaEncoding: 'ieee-p1363'`.
  const encode = algorithm.kty === 'EC' ? rawToDer : (signature: Uint8Array) => signature;
  return (data, signature) => signature.length === signatureBytes && verify(digest, data, key, encode(signature));
}

function rsaCheck(algorithm: RsaAlgorithm, publicKey: KeyObject): Verifier {
  const { digest, padding, saltBytes } = algorithm;
  const signatureBytes = Math.ceil((publicKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  const key =
    padding === 'pss' ? { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: saltBytes } : publicKey;
  return (data, signature) => signature.length === signatureBytes && verify(digest, data, key, signature);
}

const verifiers = new WeakMap<KeyObject, Map<string, Verifier>>();
const never: Verifier = () => false;

/** The verifier for a key, made once: the checks behind it cost as much as a signature. */
function cachedVerifier(alg: string, publicKey: KeyObject): Verifier {
  const known = verifiers.get(publicKey)?.get(alg);
  if (known !== undefined) return known;
  // An unknown name is not kept: there is no end of them.
  if (!isAlg(alg)) return never;
  const verifier = keySuits(alg, publicKey) ? prepareVerifier(alg, publicKey) : never;
  const ofKey = verifiers.get(publicKey) ?? new Map<string, Verifier>();
  verifiers.set(publicKey, ofKey.set(alg, verifier));
  return verifier;
}

/**
 * Verifies one signature (RFC 7515 section 5.2, the last steps).
 *
 * @param signature exactly as long as the algorithm and key make it: for ECDSA r||s, never DER
 * @returns false for a wrong signature, an unknown algorithm, or a key that is private, secret or does not suit
 * @throws TypeError if the key is not a KeyObject or the bytes are not Uint8Arrays
 */
export function verifySignature(alg: string, publicKey: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  requireKeyObject(publicKey);
  if (!(data instanceof Uint8Array) || !(signature instanceof Uint8Array)) {
    throw new TypeError('data and signature must be Uint8Arrays');
  }
  return cachedVerifier(alg, publicKey)(data, signature);
}

/**
 * Verifies a token's form, header and signature, and returns its payload bytes; `typ`, `kid` and claims are not looked at.
 *
 * @param options.alg the one algorithm that the key is for; the header must name the same
 * @throws JwsError `JWS_TOO_LONG`, `JWS_MALFORMED`, `JWS_HEADER_FORBIDDEN`, `JWS_ALG_UNKNOWN`, `JWS_ALG_MISMATCH`,
 *   `JWS_KEY_UNSUITABLE` or `JWS_SIGNATURE`; TypeError if `publicKey` is not a KeyObject
 */
export function verifyCompactJws(
  token: string,
  options: { readonly alg: string; readonly publicKey: KeyObject },
): Uint8Array {
  const { alg, publicKey } = options;
  requireKeyObject(publicKey);
  const { header, payloadBytes, signature, signingInput } = parseCompact(token);
  if (!isAlg(alg)) throw new JwsError('JWS_ALG_UNKNOWN');
  if (header.alg !== alg) throw new JwsError('JWS_ALG_MISMATCH');
  const verifier = cachedVerifier(alg, publicKey);
  if (verifier === never) throw new JwsError('JWS_KEY_UNSUITABLE');
  if (!verifier(signingInput, signature)) throw new JwsError('JWS_SIGNATURE');
  return payloadBytes;
}

function requireKeyObject(key: unknown): void {
  if (!(key instanceof KeyObject)) throw new TypeError('publicKey must be a KeyObject');
}
