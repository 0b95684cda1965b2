/** `crypto.verify` alone, on bytes that were taken apart before: what any verification of a signature costs at least. */
import { parseCompact, rawToDer, type SigningAlg } from '@apikey/shared';
import { constants, verify, type VerifyKeyObjectInput } from 'node:crypto';
import type { Way } from '../harness/rounds.ts';
import type { Issued } from './issue-tokens.ts';
import { each } from './ours.ts';

export type Bare = 'crypto.verify' | 'crypto.verify, DER';

/** For ES256 in both ways: with the signature as tokens carry it, and with the bare key and the signature in DER. */
export function bareOf(alg: SigningAlg, { publicKey, tokens }: Issued): Partial<Record<Bare, Way>> {
  const signed = tokens.map((token) => {
    const { signingInput, signature } = parseCompact(token);
    return { signingInput, signature };
  });
  const digest = alg === 'EdDSA' || alg.startsWith('ML-DSA') ? null : 'sha256';
  const options = optionsOf(alg);
  const key = options === undefined ? publicKey : { key: publicKey, ...options };
  const asReceived = each(signed, ({ signingInput, signature }) => verify(digest, signingInput, key, signature));
  if (alg !== 'ES256') return { 'crypto.verify': asReceived };
  const encoded = signed.map(({ signingInput, signature }) => ({ signingInput, signature: rawToDer(signature) }));
  return {
    'crypto.verify': asReceived,
    'crypto.verify, DER': each(encoded, ({ signingInput, signature }) =>
      verify(digest, signingInput, publicKey, signature),
    ),
  };
}

function optionsOf(alg: SigningAlg): Omit<VerifyKeyObjectInput, 'key'> | undefined {
  if (alg === 'ES256') return { dsaEncoding: 'ieee-p1363' };
  return alg === 'PS256' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : undefined;
}
