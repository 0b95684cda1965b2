/**
 * The libraries beside which apikey is measured, each set up once in its fastest documented way, and all to check the same:
 * signature, `exp`, issuer and audience. None checks `typ`, reads a registry, or keeps what it has verified.
 */
import { exportJwk, type SigningAlg } from '@apikey/shared';
import { JwtVerifier } from 'aws-jwt-verify';
import { createVerifier } from 'fast-jwt';
import { importSPKI, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import type { Way } from '../harness/rounds.ts';
import type { Issued } from './issue-tokens.ts';
import { AUDIENCE, ISSUER } from '../harness/acting.ts';
import { each, eachAwaited } from './ours.ts';

export const PEERS = ['jose', 'fast-jwt', 'jsonwebtoken', 'aws-jwt-verify'] as const;
export type Peer = (typeof PEERS)[number];

/** A way for each library that knows the algorithm. */
export async function peersOf(alg: SigningAlg, issued: Issued): Promise<Partial<Record<Peer, Way>>> {
  return {
    jose: await jose(alg, issued),
    ...(isOneOf(alg, ['ES256', 'RS256', 'PS256', 'EdDSA']) && { 'fast-jwt': fastJwt(alg, issued) }),
    ...(isOneOf(alg, ['ES256', 'RS256', 'PS256']) && { jsonwebtoken: jsonWebToken(alg, issued) }),
    ...(isOneOf(alg, ['ES256', 'RS256', 'EdDSA']) && { 'aws-jwt-verify': awsJwtVerify(issued) }),
  };
}

/** With a `CryptoKey`, into which it would have to turn anything else. */
async function jose(alg: SigningAlg, issued: Issued): Promise<Way> {
  const key = await importSPKI(pemOf(issued), alg);
  const options = { algorithms: [alg], issuer: ISSUER, audience: AUDIENCE };
  return eachAwaited(issued.tokens, (token) => jwtVerify(token, key, options));
}

/** With its key as text, which makes it answer at once instead of by a promise. */
function fastJwt(alg: 'ES256' | 'RS256' | 'PS256' | 'EdDSA', issued: Issued): Way {
  const verify = createVerifier({
    key: pemOf(issued),
    algorithms: [alg],
    allowedIss: ISSUER,
    allowedAud: AUDIENCE,
    cache: false,
  });
  return each(issued.tokens, verify);
}

/** Without a callback, and with a `KeyObject`, into which it would have to turn anything else. */
function jsonWebToken(alg: 'ES256' | 'RS256' | 'PS256', { publicKey, tokens }: Issued): Way {
  const options = { algorithms: [alg], issuer: ISSUER, audience: AUDIENCE };
  return each(tokens, (token) => jsonwebtoken.verify(token, publicKey, options));
}

/** With its key set at hand, which lets it answer at once. */
function awsJwtVerify({ publicKey, kid, tokens }: Issued): Way {
  const verifier = JwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${ISSUER}/jwks.json` });
  verifier.cacheJwks({ keys: [{ ...exportJwk(publicKey), kid, use: 'sig' }] });
  return each(tokens, (token) => verifier.verifySync(token));
}

function pemOf({ publicKey }: Issued): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

function isOneOf<const A extends SigningAlg>(alg: SigningAlg, known: readonly A[]): alg is A {
  return known.some((name) => name === alg);
}
