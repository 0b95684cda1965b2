/** Reads and writes the file of one private key. No error of this module quotes what a file holds. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
// Not `node:fs/promises`, which takes longer to load than the file to read.
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { isSigningAlg, type SigningAlg } from '../jose/algorithms.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { verifySignature } from '../jose/verify.ts';
import { InvalidStateError } from '../ports/errors.ts';
import { writeNewFile } from './durable-files.ts';
import { decryptKey, encryptKey, looksEncrypted, passphraseMissing } from './key-encryption.ts';
import { signWithSoftwareKey, type SoftwareKey } from './software-key.ts';

/** Asks for the passphrase; nothing = there is none. */
export type AskPassphrase = () => Promise<string | undefined>;

export interface PrivateKeyFile {
  readonly text: string;
  /** Changes whenever the file does. */
  readonly stamp: string;
}

/** A key file is a few kilobytes at most. */
const MAX_BYTES = 65_536;

/** Throws `KEY_PERMISSIONS`, `KEY_DAMAGED` for an impossible size, and what `node:fs` throws. */
export function readPrivateKeyFile(path: string): PrivateKeyFile {
  const file = openSync(path, 'r');
  try {
    return readGuarded(file, path);
  } finally {
    closeSync(file);
  }
}

function readGuarded(file: number, path: string): PrivateKeyFile {
  // Of the open file, not of the path: what is checked is what is read.
  const stats = fstatSync(file);
  // oxlint-disable-next-line no-bitwise -- permission bits
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
    throw new InvalidStateError('KEY_PERMISSIONS', 'a private key file can be read by others', {
      why: `${path} has mode ${(stats.mode % 0o1000).toString(8)}`,
      fix: `chmod 600 ${path}; if others may have read it, revoke the key`,
    });
  }
  if (!stats.isFile() || stats.size > MAX_BYTES) throw damaged(path);
  return { text: readFileSync(file, 'utf8').trim(), stamp: stampOf(stats) };
}

/** Tells versions of a file apart without reading it. */
export function stampOf(stats: { readonly ino: number; readonly mtimeMs: number; readonly ctimeMs: number }): string {
  return `${stats.ino}:${stats.mtimeMs}:${stats.ctimeMs}`;
}

/** The key in a file's text. Throws `KEY_DAMAGED` or `KEY_PASSPHRASE`. */
export async function parsePrivateKey(
  text: string,
  path: string,
  kid: string,
  askPassphrase: AskPassphrase,
): Promise<SoftwareKey> {
  const jwk = looksEncrypted(text) ? await decrypt(text, path, askPassphrase) : text;
  const key = jwk === undefined ? undefined : importPrivateJwk(jwk);
  if (key === undefined || thumbprint(key.publicKey) !== kid || !matches(key)) throw damaged(path);
  return key;
}

/** Writes a new key, encrypted if there is a passphrase. */
export async function writePrivateKey(
  path: string,
  kid: string,
  alg: SigningAlg,
  key: KeyObject,
  passphrase: string | undefined,
): Promise<void> {
  const text = JSON.stringify({ ...key.export({ format: 'jwk' }), alg, kid });
  writeNewFile(path, `${passphrase === undefined ? text : await encryptKey(text, passphrase)}\n`);
}

async function decrypt(text: string, path: string, askPassphrase: AskPassphrase): Promise<string | undefined> {
  const passphrase = await askPassphrase();
  if (passphrase === undefined) throw passphraseMissing(path);
  return decryptKey(text, passphrase, path);
}

interface PrivateKey extends SoftwareKey {
  readonly alg: SigningAlg;
}

function importPrivateJwk(text: string): PrivateKey | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const jwk = Object.fromEntries(Object.entries(value).filter((entry) => hasText(entry)));
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    const alg = jwk['alg'] ?? '';
    return isSigningAlg(alg) ? { privateKey, publicKey: createPublicKey(privateKey), alg } : undefined;
  } catch {
    // Messages of JSON.parse and of OpenSSL may quote their input.
    return undefined;
  }
}

function hasText(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string';
}

/** A JWK states both halves: damage in the private one would otherwise show in signatures only. */
function matches(key: PrivateKey): boolean {
  try {
    const probe = new TextEncoder().encode('pairwise consistency');
    return verifySignature(key.alg, key.publicKey, probe, signWithSoftwareKey(key, key.alg, probe));
  } catch {
    return false;
  }
}

function damaged(path: string): InvalidStateError {
  return new InvalidStateError('KEY_DAMAGED', 'a private key file is damaged', {
    why: `${path} does not hold the key that its name says`,
    fix: 'restore it from a backup, or create and activate another key',
  });
}
