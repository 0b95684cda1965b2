/** Decides whether a public key may be used with an algorithm: its type, its curve, its size. */
import type { KeyObject } from 'node:crypto';
import { ALGORITHMS, isAlg, type Algorithm } from './algorithms.ts';

/**
 * Whether `key` is a public key that suits `alg`.
 *
 * A private or secret key never does: what a verifier holds has to be public. Nor does an RSA key outside of 2,048 to
 * 4,096 bits (RFC 7518 section 3.3 sets the lower end), with an exponent that is even or 1, or bound to PSS by its
 * own key type.
 */
export function keySuits(alg: string, key: KeyObject): boolean {
  if (!isAlg(alg) || key.type !== 'public') return false;
  const algorithm: Algorithm = ALGORITHMS[alg];
  if (key.asymmetricKeyType !== algorithm.keyType) return false;
  if (algorithm.kty === 'EC') return key.asymmetricKeyDetails?.namedCurve === algorithm.namedCurve;
  if (algorithm.kty !== 'RSA') return true;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (publicExponent < 3n || publicExponent % 2n === 0n) return false;
  return modulusLength >= algorithm.minModulusBits && modulusLength <= algorithm.maxModulusBits;
}
