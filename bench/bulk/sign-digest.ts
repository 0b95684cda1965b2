/**
 * ES256 over a digest, as KMS signs: Node signs messages alone. Own code for a stand-in; it is not hardened against
 * whoever measures how long it takes.
 */
import { createECDH, randomBytes } from 'node:crypto';

/** The order of P-256 (FIPS 186-5). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The signature in DER, by the private key `d`. */
export function signDigest(digest: Uint8Array, d: bigint): Uint8Array {
  for (;;) {
    const k = toBigInt(randomBytes(32));
    if (k === 0n || k >= ORDER) continue;
    const point = createECDH('prime256v1');
    point.setPrivateKey(fromBigInt(k));
    // 04, x, y
    const r = toBigInt(point.getPublicKey().subarray(1, 33)) % ORDER;
    const s = (inverse(k) * (toBigInt(digest) + r * d)) % ORDER;
    if (r !== 0n && s !== 0n) return der(r, s);
  }
}

/** By the extended Euclidean algorithm. */
function inverse(value: bigint): bigint {
  let [a, b, x, y] = [value, ORDER, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return x < 0n ? x + ORDER : x;
}

function der(r: bigint, s: bigint): Uint8Array {
  const body = Buffer.concat([r, s].map(derInteger));
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function derInteger(value: bigint): Uint8Array {
  const bytes = fromBigInt(value);
  const first = bytes.findIndex((byte) => byte !== 0);
  const shortest = bytes.subarray(first);
  const content = (shortest[0] ?? 0) < 0x80 ? shortest : Buffer.concat([Buffer.of(0), shortest]);
  return Buffer.concat([Buffer.from([0x02, content.length]), content]);
}

export function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function fromBigInt(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}
