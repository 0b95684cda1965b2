/** Signs with a KMS key: what is sent, and how the answer becomes a JWS signature. */
import { SignCommand, type MessageType, type SignCommandInput, type SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { hash } from 'node:crypto';
import { isBelieved } from '../../domain/clock-limits.ts';
import { RefusedError } from '../../domain/errors.ts';
import { ALGORITHMS, type SigningAlg } from '../../jose/algorithms.ts';
import { derToRaw } from '../../jose/der.ts';
import { JwsError } from '../../jose/errors.ts';
import { clockSkewError } from '../../ports/clock-errors.ts';
import { InvalidStateError } from '../../ports/errors.ts';
import type { SignResult } from '../../ports/key-provider.ts';
import { SKEW_STEP, watchSkew, type SkewWatch } from '../clock-skew.ts';
import type { Session } from '../session.ts';
import { text } from '../vendor-error.ts';
import { isAbout, unsuitable } from './public-key.ts';
import type { KmsClient } from './regions.ts';

/** What KMS reads of a message that it hashes itself (https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html). */
export const MAX_RAW_BYTES = 4_096;

/**
 * Signs the bytes of a JWS signing input. A signature made while the local clock differs from the service's by more
 * than a minute is thrown away, for the times in the token are as wrong (`CLOCK_SKEW`).
 */
export async function signWith(
  session: Session<KmsClient>,
  arn: string,
  alg: SigningAlg,
  input: Uint8Array,
  watch: SkewWatch,
): Promise<SignResult> {
  const message = signInput(arn, alg, input);
  let skew: number | undefined;
  const onSkew = (found: number): void => {
    skew = found;
    watch.onSkew?.(found);
  };
  const answer = await session.run({ action: 'kms:Sign', resource: arn }, (client, abortSignal) => {
    const command = new SignCommand(message);
    command.middlewareStack.add(watchSkew({ clock: watch.clock, onSkew }), SKEW_STEP);
    return client.send(command, { abortSignal });
  });
  if (skew !== undefined && !isBelieved(skew)) throw clockSkewError(skew);
  if (!isAbout(arn, answer.KeyId) || answer.Signature === undefined)
    throw unsuitable(arn, 'KMS answered for another key');
  const { requestId } = answer.$metadata;
  const signature = jwsSignature(alg, answer.Signature, arn);
  return requestId === undefined ? { signature } : { signature, requestId };
}

/** Whether the caller may sign with the key: asked with `DryRun`, which makes no signature. Throws what `Sign` throws. */
export async function checkSigning(session: Session<KmsClient>, arn: string, alg: SigningAlg): Promise<void> {
  const input = { ...signInput(arn, alg, new TextEncoder().encode('apikey doctor')), DryRun: true };
  await session.run({ action: 'kms:Sign', resource: arn }, (client, abortSignal) =>
    client.send(new SignCommand(input), { abortSignal }).catch((error: unknown) => {
      // AWS reports the success of a dry run as an error of this name.
      if (text(error, 'name') !== 'DryRunOperationException') throw error;
    }),
  );
}

function signInput(arn: string, alg: SigningAlg, input: Uint8Array): SignCommandInput {
  const { digest, kms } = ALGORITHMS[alg];
  if (digest === null && input.length > MAX_RAW_BYTES) {
    throw new RefusedError('TOKEN_TOO_LARGE', `the token is too long for ${alg} in KMS`, {
      why: `KMS signs at most ${MAX_RAW_BYTES} bytes that were not hashed before; these are ${input.length}`,
      fix: 'grant fewer scopes, or use an algorithm such as ES256',
    });
  }
  return {
    KeyId: arn,
    // With a digest, KMS never sees the claims.
    Message: digest === null ? input : hash(digest, input, 'buffer'),
    MessageType: kms.messageType satisfies MessageType,
    SigningAlgorithm: signingAlgorithm(kms.signingAlgorithm),
  };
}

const KMS_ALGORITHMS: ReadonlySet<string> = new Set(Object.values(ALGORITHMS).map(({ kms }) => kms.signingAlgorithm));

function signingAlgorithm(name: string): SigningAlgorithmSpec {
  if (isSigningAlgorithm(name)) return name;
  throw new TypeError('not a KMS signing algorithm');
}

function isSigningAlgorithm(name: string): name is SigningAlgorithmSpec {
  return KMS_ALGORITHMS.has(name);
}

/** KMS gives ECDSA signatures in DER, all others as a JWS has them. */
function jwsSignature(alg: SigningAlg, signature: Uint8Array, arn: string): Uint8Array {
  const algorithm = ALGORITHMS[alg];
  if (algorithm.kty === 'EC') return rawSignature(signature, algorithm.coordinateBytes, arn);
  const { signatureBytes } = algorithm;
  const fits =
    signatureBytes === 'modulus' ? [256, 384, 512].includes(signature.length) : signature.length === signatureBytes;
  if (!fits) throw badSignature(arn, `it has ${signature.length} bytes`);
  return signature;
}

function rawSignature(der: Uint8Array, size: number, arn: string): Uint8Array {
  try {
    return derToRaw(der, size);
  } catch (error) {
    throw error instanceof JwsError ? badSignature(arn, error.message, error) : error;
  }
}

function badSignature(arn: string, why: string, cause?: unknown): InvalidStateError {
  return new InvalidStateError('WRONG_STATE', 'KMS returned something that is not a signature of this algorithm', {
    why: `${arn}: ${why}`,
    fix: 'check AWS_ENDPOINT_URL; if it is AWS that answered, please report it',
    cause,
  });
}
