/** ECDSA signatures between the DER form that KMS and OpenSSL speak and the r||s form of a JWS (RFC 7518 section 3.4). */
import { JwsError } from './errors.ts';

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const LONG_FORM_ONE_BYTE = 0x81;

/**
 * Turns an Ecdsa-Sig-Value (RFC 3279 section 2.2.3) into r||s.
 *
 * Only the one DER encoding of each signature is taken (X.690 sections 8.3 and 10.1): minimal lengths, minimal positive
 * integers, nothing after the sequence or inside it beyond two integers.
 *
 * @param size bytes per coordinate: 32, 48 or 66
 * @throws JwsError `JWS_SIGNATURE_ENCODING`; whether r and s are below the curve's order is for the verification to tell
 */
export function derToRaw(der: Uint8Array, size: number): Uint8Array {
  if (der[0] !== SEQUENCE) throw encodingError('no sequence');
  const longForm = der[1] === LONG_FORM_ONE_BYTE;
  const start = longForm ? 3 : 2;
  const length = der[start - 1];
  if (length === undefined || (longForm ? length < 0x80 : length >= 0x80))
    throw encodingError('length of the sequence');
  if (start + length !== der.length) throw encodingError('bytes missing or left over');

  const raw = new Uint8Array(2 * size);
  const middle = readInteger(der, start, raw.subarray(0, size));
  const end = readInteger(der, middle, raw.subarray(size));
  if (end !== der.length) throw encodingError('more than two integers');
  return raw;
}

/** Reads the integer at `at` into `target`, aligned to its end, and returns the position after it. */
function readInteger(der: Uint8Array, at: number, target: Uint8Array): number {
  const length = der[at + 1];
  // An integer of 66 bytes and a leading zero is the longest there is, so the length always has the short form.
  if (der[at] !== INTEGER || length === undefined || length === 0 || length >= 0x80) throw encodingError('no integer');
  let start = at + 2;
  const end = start + length;
  const first = der[start];
  if (first === undefined || end > der.length) throw encodingError('bytes missing');
  if (first >= 0x80) throw encodingError('negative integer');
  if (first === 0) {
    if (length === 1) throw encodingError('zero');
    if ((der[start + 1] ?? 0) < 0x80) throw encodingError('integer with a needless zero');
    start += 1;
  }
  if (end - start > target.length) throw encodingError('integer longer than the curve allows');
  target.set(der.subarray(start, end), target.length - (end - start));
  return end;
}

/**
 * Turns r||s (two halves of equal size, at most 66 bytes each) into its one DER encoding.
 *
 * @throws JwsError `JWS_SIGNATURE_ENCODING` if r or s is zero, which no signature has; TypeError for an impossible length
 */
export function rawToDer(raw: Uint8Array): Uint8Array {
  const size = raw.length / 2;
  if (!Number.isInteger(size) || size < 1 || size > 66) throw new TypeError('r||s has an impossible length');
  const r = skipZeros(raw, 0, size);
  const s = skipZeros(raw, size, raw.length);
  const rPad = signPadding(raw, r);
  const sPad = signPadding(raw, s);
  const rLength = rPad + size - r;
  const sLength = sPad + raw.length - s;
  const content = 4 + rLength + sLength;
  const longForm = content >= 0x80;

  // Every byte is written below; Node's pool spares an allocation outside of the heap per signature.
  const der = Buffer.allocUnsafe((longForm ? 3 : 2) + content);
  let at = 0;
  der[at++] = SEQUENCE;
  if (longForm) der[at++] = LONG_FORM_ONE_BYTE;
  der[at++] = content;
  der[at++] = INTEGER;
  der[at++] = rLength;
  if (rPad === 1) der[at++] = 0;
  for (let i = r; i < size; i++) der[at++] = raw[i] ?? 0;
  der[at++] = INTEGER;
  der[at++] = sLength;
  if (sPad === 1) der[at++] = 0;
  for (let i = s; i < raw.length; i++) der[at++] = raw[i] ?? 0;
  return der;
}

/** The position of the first byte that is not zero. */
function skipZeros(raw: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && raw[at] === 0) at += 1;
  if (at === end) throw encodingError('zero');
  return at;
}

/** DER integers are signed: a positive one whose top bit is set needs a zero in front. */
function signPadding(raw: Uint8Array, at: number): 0 | 1 {
  return (raw[at] ?? 0) >= 0x80 ? 1 : 0;
}

function encodingError(what: string): JwsError {
  return new JwsError('JWS_SIGNATURE_ENCODING', `ECDSA signature refused: ${what}`);
}
