/** Public keys as files: all of the keys that an authorizer on the local backend ever opens. */
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { exportJwk, importJwk } from '../jose/jwk.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { InvalidStateError, NotFoundError } from '../ports/errors.ts';
import type { PublicKeySource } from '../ports/key-provider.ts';
import { writeNewFile } from './durable-files.ts';
import { errnoOf, translateFileError } from './file-errors.ts';
import { kidOf, publicKeyPath } from './key-names.ts';

export interface LocalPublicKeyOptions {
  readonly dataDir: string;
}

/** The public halves of the keys in a data directory. Never opens a private key file. */
export function localPublicKeys({ dataDir }: LocalPublicKeyOptions): PublicKeySource {
  return { publicKey: async (ref, signal) => readPublicKey(dataDir, kidOf(ref), signal) };
}

/** Throws as `PublicKeySource.publicKey` does. */
export async function readPublicKey(dataDir: string, kid: string, signal?: AbortSignal): Promise<KeyObject> {
  const path = publicKeyPath(dataDir, kid);
  const key = parseKey(readText(path, signal));
  if (key !== undefined && thumbprint(key) === kid) return key;
  throw new InvalidStateError('KEY_DAMAGED', 'a public key file is damaged', {
    why: `${path} does not hold the key that its name says`,
    fix: 'restore it from a backup; without one, activate another key and issue its tokens anew',
  });
}

export function writePublicKey(dataDir: string, kid: string, publicKey: KeyObject): void {
  writeNewFile(publicKeyPath(dataDir, kid), `${JSON.stringify({ ...exportJwk(publicKey), kid })}\n`);
}

function readText(path: string, signal: AbortSignal | undefined): string {
  signal?.throwIfAborted();
  try {
    // Not from `node:fs/promises`, which takes longer to load than these few bytes to read.
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw translateFileError(error, 'a public key', path);
    throw new NotFoundError('KEY_NOT_FOUND', 'the public half of a signing key is missing', {
      why: `${path} does not exist`,
      fix: 'restore it from a backup; without one, activate another key and issue its tokens anew',
      cause: error,
    });
  }
}

function parseKey(text: string): KeyObject | undefined {
  try {
    return importJwk(JSON.parse(text));
  } catch {
    return undefined;
  }
}
