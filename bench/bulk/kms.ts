/**
 * Stands in for KMS: real ES256 keys and signatures, and a limit of signatures in any second, beyond which it answers
 * as KMS does. A process of its own, as `dynamodb.ts` is.
 */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Refusal, serve } from './aws-service.ts';
import { signDigest, toBigInt } from './sign-digest.ts';

interface Key {
  readonly publicKey: KeyObject;
  readonly d: bigint;
}

interface Named {
  readonly KeyId: string;
}

const [latency = '0', limit = 'Infinity'] = process.argv.slice(2);
const keys = new Map<string, Key>();
/** When the signatures of the last second were made. */
let latest: number[] = [];
let report: SigningReport = { made: 0, refused: 0, first: 0, last: 0 };

/** What was asked of all keys since the last report; times in milliseconds. */
export interface SigningReport {
  readonly made: number;
  /** For being too many. */
  readonly refused: number;
  readonly first: number;
  readonly last: number;
}

function createKey(): object {
  const KeyId = randomUUID();
  const Arn = `arn:aws:kms:us-east-1:111122223333:key/${KeyId}`;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { d = '' } = privateKey.export({ format: 'jwk' });
  keys.set(Arn, { publicKey, d: toBigInt(Buffer.from(d, 'base64url')) });
  return { KeyMetadata: { Arn, ...factsOf(KeyId) } };
}

function factsOf(KeyId: string): object {
  return { KeyId, KeyState: 'Enabled', KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P256', MultiRegion: false };
}

function keyOf({ KeyId }: Named): Key {
  const key = keys.get(KeyId);
  if (key === undefined) throw new Refusal('NotFoundException', `no key ${KeyId}`);
  return key;
}

function getPublicKey({ KeyId }: Named): object {
  const PublicKey = keyOf({ KeyId }).publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return { KeyId, KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P256', SigningAlgorithms: ['ECDSA_SHA_256'], PublicKey };
}

/** No more than the limit in any second, however they are spread over it. */
function sign({
  KeyId,
  Message,
  MessageType,
}: Named & { readonly Message: string; readonly MessageType: string }): object {
  const { d } = keyOf({ KeyId });
  const digest = Buffer.from(Message, 'base64');
  if (MessageType !== 'DIGEST' || digest.length !== 32) throw new Refusal('ValidationException', 'no SHA-256 digest');
  const now = performance.now();
  latest = latest.filter((at) => at > now - 1_000);
  if (latest.length >= Number(limit)) {
    report = { ...report, refused: report.refused + 1 };
    throw new Refusal('ThrottlingException', 'You have exceeded the rate at which you may call KMS.');
  }
  latest.push(now);
  report = { ...report, made: report.made + 1, first: report.made === 0 ? now : report.first, last: now };
  return { KeyId, Signature: Buffer.from(signDigest(digest, d)).toString('base64'), SigningAlgorithm: 'ECDSA_SHA_256' };
}

const calls = {
  CreateKey: createKey,
  CreateAlias: () => ({}),
  ListAliases: () => ({ Aliases: [] }),
  DescribeKey: ({ KeyId }: Named) => keyOf({ KeyId }) && { KeyMetadata: { Arn: KeyId, ...factsOf(KeyId) } },
  GetPublicKey: getPublicKey,
  Sign: sign,
};

process.on('message', () => {
  process.send?.(report);
  report = { made: 0, refused: 0, first: 0, last: 0 };
});
await serve(calls, Number(latency));
