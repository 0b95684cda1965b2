/** The key provider of the embedded backend: private keys in files that only their owner can read. */
import type { KeyObject } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import type { SigningAlg } from '../jose/algorithms.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { AccessDeniedError, InvalidStateError, NotFoundError } from '../ports/errors.ts';
import type { CreatedKey, KeyProvider, SignResult } from '../ports/key-provider.ts';
import { removeFile, renameFile } from './durable-files.ts';
import { errnoOf, translateFileError } from './file-errors.ts';
import { disabledKeyPath, kidOf, privateKeyPath, publicKeyPath, refOf } from './key-names.ts';
import { parsePrivateKey, readPrivateKeyFile, stampOf, writePrivateKey } from './private-key-file.ts';
import { readPublicKey, writePublicKey } from './public-keys.ts';
import { generateSoftwareKey, signWithSoftwareKey, type SoftwareKey } from './software-key.ts';

export interface LocalKeyOptions {
  readonly dataDir: string;
  /**
   * Encrypts new private keys, and opens encrypted ones. A function is asked once, when a key file is first written
   * or found encrypted; nothing = no passphrase.
   */
  readonly passphrase?: string | (() => Promise<string | undefined>);
}

/**
 * Keys as files below a data directory: `keys/<kid>.jwk` and `public/<kid>.jwk`. A key's `ref` is `file:<kid>`.
 *
 * Beside the port's errors: `KEY_PASSPHRASE` (missing or wrong), `KEY_PERMISSIONS` (others may read a private key),
 * `KEY_DAMAGED`, and `STORE_FULL`.
 */
export function localKeyProvider(options: LocalKeyOptions): KeyProvider {
  return new LocalKeys(options);
}

interface LoadedKey {
  /** Which version of the file it was read from. */
  readonly stamp: string;
  readonly key: SoftwareKey;
}

class LocalKeys implements KeyProvider {
  readonly #dataDir: string;
  readonly #passphrase: LocalKeyOptions['passphrase'];
  /** To open an encrypted file takes half a second, so that a bulk run must not do it for every token. */
  readonly #loaded = new Map<string, LoadedKey>();
  #asked: Promise<string | undefined> | undefined;

  constructor({ dataDir, passphrase }: LocalKeyOptions) {
    this.#dataDir = dataDir;
    this.#passphrase = passphrase;
  }

  async create(alg: SigningAlg): Promise<CreatedKey> {
    const { privateKey, publicKey } = await generateSoftwareKey(alg);
    const kid = thumbprint(publicKey);
    const passphrase = await this.#ask();
    await this.#translating(kid, async () => {
      // If it stops in between, no private key is left behind that nobody knows of.
      writePublicKey(this.#dataDir, kid, publicKey);
      await writePrivateKey(privateKeyPath(this.#dataDir, kid), kid, alg, privateKey, passphrase);
    });
    return { ref: refOf(kid), publicKey };
  }

  async publicKey(ref: string, signal?: AbortSignal): Promise<KeyObject> {
    return readPublicKey(this.#dataDir, kidOf(ref), signal);
  }

  async publicKeyOf(kid: string): Promise<KeyObject> {
    const publicKey = await readPublicKey(this.#dataDir, kidOf(refOf(kid)));
    const path = privateKeyPath(this.#dataDir, kid);
    // The private half is what can be disabled or removed.
    if (!existsSync(path)) throw disabled(path);
    return publicKey;
  }

  async sign(ref: string, alg: SigningAlg, input: Uint8Array): Promise<SignResult> {
    const kid = kidOf(ref);
    return { signature: signWithSoftwareKey(await this.#load(kid), alg, input) };
  }

  async disable(ref: string): Promise<void> {
    const kid = kidOf(ref);
    await this.#translating(kid, async () => {
      const from = privateKeyPath(this.#dataDir, kid);
      const to = disabledKeyPath(this.#dataDir, kid);
      if (existsSync(from) || !existsSync(to)) renameFile(from, to);
    });
  }

  async scheduleDeletion(ref: string): Promise<void> {
    const kid = kidOf(ref);
    await this.#translating(kid, async () => {
      const paths = [privateKeyPath(this.#dataDir, kid), disabledKeyPath(this.#dataDir, kid)];
      const removed = paths.map((path) => removeFile(path)).includes(true);
      if (!removed && !existsSync(publicKeyPath(this.#dataDir, kid))) throw missing(paths[0] ?? kid);
    });
  }

  async #load(kid: string): Promise<SoftwareKey> {
    const path = privateKeyPath(this.#dataDir, kid);
    const loaded = this.#loaded.get(kid);
    const stamp = await this.#translating(kid, async () => stampOf(statSync(path)));
    if (loaded?.stamp === stamp) return loaded.key;
    const file = await this.#translating(kid, async () => readPrivateKeyFile(path));
    const key = await parsePrivateKey(file.text, path, kid, () => this.#ask());
    this.#loaded.set(kid, { stamp: file.stamp, key });
    return key;
  }

  async #ask(): Promise<string | undefined> {
    this.#asked ??= typeof this.#passphrase === 'function' ? this.#passphrase() : Promise.resolve(this.#passphrase);
    const passphrase = await this.#asked;
    if (passphrase !== '') return passphrase;
    throw new AccessDeniedError('KEY_PASSPHRASE', 'the passphrase for key files is empty', {
      why: 'an empty passphrase protects nothing',
      fix: 'set one, or none at all',
    });
  }

  async #translating<T>(kid: string, work: () => Promise<T>): Promise<T> {
    const path = privateKeyPath(this.#dataDir, kid);
    try {
      return await work();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw translateFileError(error, 'a signing key', path);
      throw existsSync(disabledKeyPath(this.#dataDir, kid)) ? disabled(path) : missing(path, error);
    }
  }
}

function disabled(path: string): InvalidStateError {
  return new InvalidStateError('WRONG_STATE', 'this signing key is disabled', {
    why: `${path}.disabled is not used for signing`,
    fix: 'activate another key, or rename the file to enable this one again',
  });
}

function missing(path: string, cause?: unknown): NotFoundError {
  return new NotFoundError('KEY_NOT_FOUND', 'the private half of a signing key is missing', {
    why: `${path} does not exist`,
    fix: 'restore it from a backup, or create and activate another key',
    cause,
  });
}
