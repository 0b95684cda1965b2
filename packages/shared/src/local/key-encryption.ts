/** Encrypts private key files with a passphrase: a JWE (RFC 7516) whose key is derived by PBKDF2 (RFC 7518 section 4.8). */
import { AccessDeniedError } from '../ports/errors.ts';

const ALG = 'PBES2-HS512+A256KW';
const ENC = 'A256GCM';
/** Costs a guess about half a second; OWASP's password storage cheat sheet asks for 220,000 with SHA-512. */
const ITERATIONS = 600_000;
/** Five base64url segments; the last is the 16-byte tag, so that no truncated file passes. */
const COMPACT_JWE = /^eyJ[\w-]+\.[\w-]+\.[\w-]+\.[\w-]+\.[\w-]{22}$/;

export function looksEncrypted(text: string): boolean {
  return COMPACT_JWE.test(text);
}

/** A compact JWE of a private JWK's text. */
export async function encryptKey(text: string, passphrase: string): Promise<string> {
  const { CompactEncrypt } = await import('jose');
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: ALG, enc: ENC, cty: 'jwk+json' })
    .setKeyManagementParameters({ p2c: ITERATIONS })
    .encrypt(secretOf(passphrase));
}

/**
 * The private JWK's text; nothing if the file is not a JWE that `encryptKey` makes. Throws `KEY_PASSPHRASE` where the
 * passphrase does not open it: a wrong one and damage inside of the ciphertext cannot be told apart.
 */
export async function decryptKey(jwe: string, passphrase: string, path: string): Promise<string | undefined> {
  const { compactDecrypt, errors } = await import('jose');
  try {
    const { plaintext } = await compactDecrypt(jwe, secretOf(passphrase), {
      keyManagementAlgorithms: [ALG],
      contentEncryptionAlgorithms: [ENC],
      maxPBES2Count: ITERATIONS,
    });
    return new TextDecoder().decode(plaintext);
  } catch (error) {
    if (!(error instanceof errors.JWEDecryptionFailed)) return undefined;
    throw new AccessDeniedError('KEY_PASSPHRASE', 'the passphrase does not open the key file', {
      why: `${path} was encrypted with another passphrase, or is damaged`,
      fix: 'set APIKEY_KEYS_PASSPHRASE to the passphrase that was set when the key was created',
    });
  }
}

export function passphraseMissing(path: string): AccessDeniedError {
  return new AccessDeniedError('KEY_PASSPHRASE', 'the key file is encrypted and no passphrase was given', {
    why: `${path} needs one`,
    fix: 'set APIKEY_KEYS_PASSPHRASE',
  });
}

/** One spelling for what a keyboard may send as several code points. */
function secretOf(passphrase: string): Uint8Array {
  return new TextEncoder().encode(passphrase.normalize('NFC'));
}
