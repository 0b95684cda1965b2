/** Where signing keys live: only this port ever touches a private key, and no method returns one. */
import type { KeyObject } from 'node:crypto';
import type { SigningAlg } from '../jose/algorithms.ts';

/** Fetches public keys; all that an authorizer needs. */
export interface PublicKeySource {
  /**
   * The public key behind a ring's `ref`. Throws `NotFoundError`, `AccessDeniedError`, `UnavailableError`,
   * `ThrottledError`, or `InvalidStateError` (damaged, or not a key of apikey).
   */
  publicKey(ref: string, signal?: AbortSignal): Promise<KeyObject>;
}

export interface CreatedKey {
  /** Names the key from now on, in the ring. */
  readonly ref: string;
  readonly publicKey: KeyObject;
}

export interface SignResult {
  /** JOSE form: r||s for ECDSA, as RFC 7518 and RFC 8037 say for the others. */
  readonly signature: Uint8Array;
  /** The service's id of the call, where there is one. */
  readonly requestId?: string;
}

export interface KeyProvider extends PublicKeySource {
  /**
   * The public key with this RFC 7638 thumbprint, found by the name that the provider itself gave the key: no registry
   * has a say in it. Throws `NotFoundError` for a key that it did not make or that is gone, `InvalidStateError` for one
   * that is disabled or waits for its deletion.
   */
  publicKeyOf(kid: string): Promise<KeyObject>;
  /** Makes a key that only this provider can use, durably before it resolves. Throws `INVALID_ALG` for one it lacks. */
  create(alg: SigningAlg): Promise<CreatedKey>;
  /** Signs the bytes of a JWS signing input. Throws `InvalidStateError` for a key that is disabled or of another `alg`. */
  sign(ref: string, alg: SigningAlg, input: Uint8Array): Promise<SignResult>;
  /** Makes the key unable to sign; reversible. */
  disable(ref: string): Promise<void>;
  /** Has the key destroyed, at once or after the provider's waiting period. */
  scheduleDeletion(ref: string): Promise<void>;
}
