/** Reads one public key from KMS, and takes it only if it can be a signing key of apikey. */
import { GetPublicKeyCommand, type GetPublicKeyCommandOutput } from '@aws-sdk/client-kms';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { ALGORITHMS, listAlgs, type Alg } from '../../jose/algorithms.ts';
import { keySuits } from '../../jose/suitability.ts';
import { InvalidStateError } from '../../ports/errors.ts';
import type { Session } from '../session.ts';
import type { KmsClient } from './regions.ts';

/** Throws as `PublicKeySource.publicKey` does. KMS answers for enabled keys only: `WRONG_STATE` for any other. */
export async function fetchPublicKey(
  session: Session<KmsClient>,
  arn: string,
  signal?: AbortSignal,
): Promise<KeyObject> {
  const answer = await session.run({ action: 'kms:GetPublicKey', resource: arn, signal }, (client, abortSignal) =>
    client.send(new GetPublicKeyCommand({ KeyId: arn }), { abortSignal }),
  );
  return readPublicKey(answer, arn);
}

type PublicKeyAnswer = Pick<GetPublicKeyCommandOutput, 'KeyId' | 'KeyUsage' | 'KeySpec' | 'PublicKey'>;

function readPublicKey({ KeyId, KeyUsage, KeySpec, PublicKey }: PublicKeyAnswer, arn: string): KeyObject {
  if (!isAbout(arn, KeyId)) throw unsuitable(arn, 'KMS answered for another key');
  if (KeyUsage !== 'SIGN_VERIFY') throw unsuitable(arn, `its usage is ${KeyUsage ?? 'unknown'}, not SIGN_VERIFY`);
  const algs = listAlgs().filter((alg) => KeySpec === undefined || keySpecsOf(alg).includes(KeySpec));
  if (algs.length === 0 || PublicKey === undefined) {
    throw unsuitable(arn, `no algorithm of apikey has the key spec ${KeySpec ?? 'unknown'}`);
  }
  const key = importSpki(PublicKey, arn);
  if (algs.some((alg: Alg) => keySuits(alg, key))) return key;
  throw unsuitable(arn, `the key does not fit its key spec ${KeySpec ?? 'unknown'}`);
}

function keySpecsOf(alg: Alg): readonly string[] {
  return ALGORITHMS[alg].kms.keySpecs;
}

/** KMS gives a SubjectPublicKeyInfo (RFC 5280) in DER. */
function importSpki(der: Uint8Array, arn: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  } catch (cause) {
    throw unsuitable(arn, 'this version of Node cannot read the key (ML-DSA needs Node 24)', cause);
  }
}

/** KMS names the key of an answer by its ARN; servers that stand in for it may give the bare key id. */
export function isAbout(arn: string, keyId: string | undefined): boolean {
  return keyId !== undefined && (arn === keyId || arn.endsWith(`:key/${keyId}`));
}

export function unsuitable(arn: string, why: string, cause?: unknown): InvalidStateError {
  return new InvalidStateError('WRONG_STATE', 'the key in KMS is not a signing key of apikey', {
    why: `${arn}: ${why}`,
    fix: 'run `apikey doctor`, which compares the key ring with KMS',
    cause,
  });
}
