/** Signing keys in memory, for every algorithm of the runtime: a key provider that keeps the port's contract. */
import type { KeyObject } from 'node:crypto';
import type { SigningAlg } from '../jose/algorithms.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { generateSoftwareKey, signWithSoftwareKey, type SoftwareKey } from '../local/software-key.ts';
import { InvalidStateError, NotFoundError } from '../ports/errors.ts';
import type { CreatedKey, KeyProvider, SignResult } from '../ports/key-provider.ts';

interface Entry {
  readonly key: SoftwareKey;
  enabled: boolean;
}

/** A new provider without keys; a key's `ref` is `memory:<kid>`. */
export function memoryKeys(): KeyProvider {
  return new MemoryKeys();
}

class MemoryKeys implements KeyProvider {
  readonly #entries = new Map<string, Entry>();
  #signatures = 0;

  async create(alg: SigningAlg): Promise<CreatedKey> {
    const key = await generateSoftwareKey(alg);
    const ref = `memory:${thumbprint(key.publicKey)}`;
    this.#entries.set(ref, { key, enabled: true });
    return { ref, publicKey: key.publicKey };
  }

  async publicKey(ref: string, signal?: AbortSignal): Promise<KeyObject> {
    signal?.throwIfAborted();
    return this.#entry(ref).key.publicKey;
  }

  async publicKeyOf(kid: string): Promise<KeyObject> {
    const { key, enabled } = this.#entry(`memory:${kid}`);
    if (!enabled) throw new InvalidStateError('WRONG_STATE', 'this key is disabled');
    return key.publicKey;
  }

  async sign(ref: string, alg: SigningAlg, input: Uint8Array): Promise<SignResult> {
    const { key, enabled } = this.#entry(ref);
    if (!enabled) throw new InvalidStateError('WRONG_STATE', 'this key is disabled');
    const signature = signWithSoftwareKey(key, alg, input);
    this.#signatures += 1;
    return { signature, requestId: `memory-${this.#signatures}` };
  }

  async disable(ref: string): Promise<void> {
    this.#entry(ref).enabled = false;
  }

  async scheduleDeletion(ref: string): Promise<void> {
    this.#entry(ref).enabled = false;
  }

  #entry(ref: string): Entry {
    const entry = this.#entries.get(ref);
    if (entry === undefined) throw new NotFoundError('KEY_NOT_FOUND', 'no such key in memory');
    return entry;
  }
}
