/** Public keys as JWKs (RFC 7517): strict reading, and writing with the members that make the key and no others. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { ALGORITHMS, listAlgs, type Algorithm } from './algorithms.ts';
import { decodeBase64url } from './base64url.ts';
import { JwsError } from './errors.ts';
import type { JsonObject } from './json.ts';

/** RFC 7518 section 6.2. */
export interface EcJwk {
  readonly kty: 'EC';
  readonly crv: string;
  readonly x: string;
  readonly y: string;
}
/** RFC 7518 section 6.3. */
export interface RsaJwk {
  readonly kty: 'RSA';
  readonly n: string;
  readonly e: string;
}
/** RFC 8037 section 2. */
export interface OkpJwk {
  readonly kty: 'OKP';
  readonly crv: string;
  readonly x: string;
}
/** RFC 9964 section 3; here `alg` is part of the key. */
export interface AkpJwk {
  readonly kty: 'AKP';
  readonly alg: string;
  readonly pub: string;
}
export type PublicJwk = EcJwk | RsaJwk | OkpJwk | AkpJwk;

/** Members that say something about a key without being part of it. `ext` is what WebCrypto's export adds. */
const ABOUT = new Set(['alg', 'use', 'kid', 'key_ops', 'ext']);

/**
 * Reads a public JWK and returns its key members alone.
 *
 * Refused are: private members and all others that are not expected of the key type, curves and key types outside of
 * the algorithm table, values that are not canonical base64url of the exact size, and an `alg`, `use` or `key_ops` that
 * contradicts verifying with this key.
 *
 * @throws JwsError `JWK_INVALID`
 */
export function parseJwk(value: unknown): PublicJwk {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('it is not an object');
  const members: JsonObject = { __proto__: null, ...value };
  const algorithms = listAlgs().filter((alg) => keyMatches(ALGORITHMS[alg], alg, members));
  const [first] = algorithms;
  if (first === undefined) throw invalid('its key type or curve is not supported');
  const jwk = readKey(ALGORITHMS[first], first, members);
  for (const name of Object.keys(members)) {
    if (!(name in jwk) && !ABOUT.has(name)) throw invalid('it has a private or unexpected member');
  }
  const { alg = first, use = 'sig', kid = '', key_ops: operations = ['verify'] } = members;
  if (!algorithms.some((name) => name === alg)) throw invalid('its alg is not one for this key');
  if (use !== 'sig') throw invalid('it is not for signatures');
  if (typeof kid !== 'string') throw invalid('its kid is not a string');
  if (!Array.isArray(operations) || operations.length !== 1 || operations[0] !== 'verify') {
    throw invalid('it is not for verifying');
  }
  return jwk;
}

/** Writes a public key of the algorithm table as a JWK. @throws JwsError `JWK_INVALID` for any other key */
export function exportJwk(publicKey: KeyObject): PublicJwk {
  if (publicKey.type !== 'public') throw invalid('the key is not public');
  let jwk: unknown;
  try {
    jwk = publicKey.export({ format: 'jwk' });
  } catch (cause) {
    throw new JwsError('JWK_INVALID', 'the key cannot be written as a JWK', cause);
  }
  return parseJwk(jwk);
}

/**
 * Reads a public JWK as a key.
 *
 * @throws JwsError `JWK_INVALID`, also for points that are not on their curve and where the runtime lacks the algorithm
 */
export function importJwk(value: unknown): KeyObject {
  const jwk = parseJwk(value);
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    throw invalid('its key was refused');
  }
}

function keyMatches(algorithm: Algorithm, alg: string, members: JsonObject): boolean {
  if (algorithm.kty !== members['kty']) return false;
  if (algorithm.kty === 'AKP') return alg === members['alg'];
  return algorithm.kty === 'RSA' || algorithm.crv === members['crv'];
}

function readKey(algorithm: Algorithm, alg: string, members: JsonObject): PublicJwk {
  if (algorithm.kty === 'RSA') return { kty: 'RSA', n: unsigned(members['n']), e: unsigned(members['e']) };
  if (algorithm.kty === 'AKP') return { kty: 'AKP', alg, pub: fixed(members['pub'], algorithm.publicKeyBytes) };
  const { kty, crv } = algorithm;
  if (kty === 'OKP') return { kty, crv, x: fixed(members['x'], algorithm.publicKeyBytes) };
  const { coordinateBytes } = algorithm;
  return { kty, crv, x: fixed(members['x'], coordinateBytes), y: fixed(members['y'], coordinateBytes) };
}

/** A value of an exact number of bytes, as RFC 7518 section 6.2.1.2 asks of coordinates. */
function fixed(value: unknown, bytes: number): string {
  if (typeof value === 'string' && decodeBase64url(value)?.length === bytes) return value;
  throw invalid('a key value is not canonical base64url of the right size');
}

/** A Base64urlUInt (RFC 7518 section 2): as few bytes as possible, and here not zero. */
function unsigned(value: unknown): string {
  const first = typeof value === 'string' ? decodeBase64url(value)?.[0] : undefined;
  if (typeof value === 'string' && first !== undefined && first !== 0) return value;
  throw invalid('a key value is not a canonical number');
}

function invalid(why: string): JwsError {
  return new JwsError('JWK_INVALID', `JWK refused: ${why}`);
}
