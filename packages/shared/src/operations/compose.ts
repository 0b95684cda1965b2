/** Composes what is to be signed, and signs it: the only code that ever holds a new token besides its sink. */
import { RefusedError } from '../domain/errors.ts';
import type { RingKey, TokenRecord } from '../domain/records.ts';
import { ALGORITHMS, type SigningAlg } from '../jose/algorithms.ts';
import { encodeBase64url } from '../jose/base64url.ts';
import { MAX_TOKEN_LENGTH } from '../jose/compact.ts';
import { sha256Hex } from '../jose/digest.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { assemble, encodeHeader, encodePayload, signingInput } from '../jose/token.ts';
import { verifySignature } from '../jose/verify.ts';
import { InvalidStateError } from '../ports/errors.ts';
import type { Entropy } from '../ports/clock.ts';
import type { KeyProvider } from '../ports/key-provider.ts';

/** KMS reads no more of a message that it is to hash itself. */
const MAX_RAW_INPUT = 4_096;
const RANDOM_BYTES = 16;

export interface Unsigned {
  readonly input: Uint8Array;
  readonly payloadSha256: string;
}

/** What of a record goes into its token. */
export type TokenContent = Pick<TokenRecord, 'iss' | 'client' | 'aud' | 'jti' | 'iat' | 'exp' | 'scopes'> & {
  readonly nbf?: number | undefined;
};

/** Encodes header and claims, with new random bits each time. Throws `TOKEN_TOO_LARGE`. */
export function composeToken(
  token: TokenContent,
  key: { readonly kid: string; readonly alg: SigningAlg },
  entropy: Entropy,
): Unsigned {
  const payload = payloadOf(token, entropy.bytes(RANDOM_BYTES));
  const input = signingInput(encodeHeader(key.alg, key.kid), payload);
  checkSize(input, key.alg);
  return { input, payloadSha256: sha256Hex(payload) };
}

/** Characters of the token that a record would have, before it is signed: exact, but for RSA at most. */
export function tokenLength(token: TokenContent & Pick<TokenRecord, 'kid'>, alg: SigningAlg): number {
  return signedLength(signingInput(encodeHeader(alg, token.kid), payloadOf(token, new Uint8Array(RANDOM_BYTES))), alg);
}

function payloadOf(token: TokenContent, random: Uint8Array): Uint8Array {
  return encodePayload({
    iss: token.iss,
    sub: token.client,
    aud: token.aud,
    client_id: token.client,
    jti: token.jti,
    iat: token.iat,
    exp: token.exp,
    ...(token.scopes.length === 0 ? {} : { scope: token.scopes.join(' ') }),
    rnd: encodeBase64url(random),
    ...(token.nbf === undefined ? {} : { nbf: token.nbf }),
  });
}

function checkSize(input: Uint8Array, alg: SigningAlg): void {
  const { kms } = ALGORITHMS[alg];
  const length = signedLength(input, alg);
  if (length <= MAX_TOKEN_LENGTH && (kms.messageType === 'DIGEST' || input.length <= MAX_RAW_INPUT)) return;
  throw new RefusedError('TOKEN_TOO_LARGE', 'the token would be too long', {
    why: `${length} characters with ${alg}; authorizers take ${MAX_TOKEN_LENGTH}, and keys of some algorithms sign no more than ${MAX_RAW_INPUT} bytes`,
    fix: 'ask for fewer or shorter scopes and audiences',
  });
}

function signedLength(input: Uint8Array, alg: SigningAlg): number {
  const { signatureBytes } = ALGORITHMS[alg];
  // The modulus of a stored RSA key is not known here: 512 bytes is the longest.
  const bytes = signatureBytes === 'modulus' ? 512 : signatureBytes;
  return input.length + 1 + Math.ceil((bytes * 4) / 3);
}

export interface Signed {
  readonly token: string;
  /** Request id of the KMS call, where there was one. */
  readonly kmsRequestId: string | undefined;
}

/** Signs, and verifies the result with the public key that the ring's `kid` stands for, before anybody sees it. */
export async function signToken(
  keys: Pick<KeyProvider, 'publicKey' | 'sign'>,
  key: Pick<RingKey, 'kid' | 'ref'> & { readonly alg: SigningAlg },
  { input }: Pick<Unsigned, 'input'>,
): Promise<Signed> {
  const [publicKey, { signature, requestId }] = await Promise.all([
    keys.publicKey(key.ref),
    keys.sign(key.ref, key.alg, input),
  ]);
  if (thumbprint(publicKey) !== key.kid || !verifySignature(key.alg, publicKey, input, signature)) {
    throw new InvalidStateError('KEY_DAMAGED', 'the key made a signature that does not verify', {
      why: `the private and public halves behind ${key.ref} are not those of key ${key.kid}`,
      fix: 'restore the key, or activate another one; nothing was delivered',
    });
  }
  return { token: assemble(input, signature), kmsRequestId: requestId };
}
