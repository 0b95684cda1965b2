/** The steps that look at the token alone, from its form to its claims; a decision and an explanation run the same ones. */
import {
  JwsError,
  parseClaims,
  parseCompact,
  sha256Hex,
  splitScope,
  TOKEN_TYPE,
  verifySignature,
  type CompactJws,
  type DenialReason,
  type LivenessClaims,
  type RingKey,
  type TokenClaims,
} from '@apikey/shared';
import type { KeyObject } from 'node:crypto';

/** A token whose form is right. Nothing in it is to be believed yet, and its payload is bytes: see `readClaims`. */
export interface ReadToken {
  readonly jws: CompactJws;
}

/** A token that a key of the ring signed for this audience. Whether it is live is another question. */
export interface VerifiedToken {
  readonly claims: TokenClaims;
  /** The part of the claims that liveness reads. */
  readonly life: LivenessClaims;
  readonly payloadSha256: string;
  /** Frozen: decisions hand them out. */
  readonly scopes: readonly string[];
  /** The key and algorithm that the signature was verified with. */
  readonly kid: string;
  readonly alg: string;
}

/** What the claims of a token are held to. */
export interface ClaimExpectations {
  readonly issuer: string;
  readonly audience: string;
  /** Seconds from `iat` to `exp`. */
  readonly maxLifetime: number;
}

/** Step 3: the strict form of the token and of its header. */
export function readToken(token: string, maxLength?: number): ReadToken | 'malformed' {
  return orMalformed(() => ({ jws: parseCompact(token, maxLength) }));
}

/**
 * Step 6, first: the claims. Call it only once the signature holds: parsing is the one step whose cost depends on what the
 * payload holds, and whoever forges a token chooses that.
 */
export function readClaims({ jws }: ReadToken): TokenClaims | 'malformed' {
  return orMalformed(() => parseClaims(jws.payloadBytes));
}

function orMalformed<T>(read: () => T): T | 'malformed' {
  try {
    return read();
  } catch (error) {
    if (error instanceof JwsError) return 'malformed';
    throw error;
  }
}

/** Step 4, before the key: RFC 9068 section 4, so that no other kind of token of the same issuer passes. */
export function typeRule({ jws }: ReadToken): DenialReason | undefined {
  return jws.header.typ === TOKEN_TYPE ? undefined : 'wrong_type';
}

/** Step 4, once the key is known: the ring gives each key one algorithm, and the token has no say in it. */
export function algorithmRule({ jws }: ReadToken, key: Pick<RingKey, 'alg'>): DenialReason | undefined {
  return jws.header.alg === key.alg ? undefined : 'bad_signature';
}

/** Step 5: the signature over the received bytes. */
export function signatureRule(
  { jws }: ReadToken,
  key: Pick<RingKey, 'alg'>,
  publicKey: KeyObject,
): DenialReason | undefined {
  return verifySignature(key.alg, publicKey, jws.signingInput, jws.signature) ? undefined : 'bad_signature';
}

/** A retired or revoked key may be gone for good; what it signed is denied even if nobody can verify it any more. */
export function deadKeyReason(key: Pick<RingKey, 'state'>): DenialReason | undefined {
  if (key.state === 'revoked') return 'key_revoked';
  return key.state === 'retired' ? 'key_retired' : undefined;
}

export interface ClaimRule {
  readonly name: string;
  /** The reason for a denial, or nothing where the rule holds. */
  readonly broken: (claims: TokenClaims, expected: ClaimExpectations) => DenialReason | undefined;
}

/** Step 6, in order: the first broken rule is the reason. */
export const CLAIM_RULES: readonly ClaimRule[] = [
  { name: 'issuer', broken: ({ iss }, { issuer }) => (iss === issuer ? undefined : 'wrong_issuer') },
  { name: 'audience', broken: ({ aud }, { audience }) => (aud.includes(audience) ? undefined : 'wrong_audience') },
  { name: 'subject', broken: ({ sub, client_id }) => (sub === client_id ? undefined : 'claims_mismatch') },
  {
    name: 'lifetime',
    broken: ({ iat, exp }, { maxLifetime }) => {
      if (!(iat < exp)) return 'malformed';
      return exp - iat <= maxLifetime ? undefined : 'lifetime_exceeded';
    },
  },
];

/**
 * Also of step 6, but for every decision anew, since it depends on the clock: a token from the future has a wrong `iat`, and
 * with it a wrong lifetime, or this clock is wrong.
 */
export function issuedRule(
  { iat }: Pick<TokenClaims, 'iat'>,
  now: number,
  clockTolerance: number,
): DenialReason | undefined {
  return iat <= now + clockTolerance ? undefined : 'malformed';
}

/** Steps 5 and 6 in one: the verified token, or why it is none. */
export function verifyToken(
  read: ReadToken,
  key: Pick<RingKey, 'kid' | 'alg'>,
  publicKey: KeyObject,
  expected: ClaimExpectations,
): VerifiedToken | DenialReason {
  const forged = algorithmRule(read, key) ?? signatureRule(read, key, publicKey);
  if (forged !== undefined) return forged;
  const claims = readClaims(read);
  if (claims === 'malformed') return claims;
  for (const rule of CLAIM_RULES) {
    const reason = rule.broken(claims, expected);
    if (reason !== undefined) return reason;
  }
  return {
    claims,
    life: livenessClaims(claims),
    payloadSha256: sha256Hex(read.jws.payloadBytes),
    scopes: Object.freeze(splitScope(claims.scope)),
    kid: key.kid,
    alg: key.alg,
  };
}

export function livenessClaims({ sub, client_id, exp, nbf }: TokenClaims): LivenessClaims {
  return nbf === undefined ? { sub, client_id, exp } : { sub, client_id, exp, nbf };
}
