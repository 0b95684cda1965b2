/** Strict JWS, JWK and the token's wire format, on node:crypto alone. */
export {
  ALGORITHMS,
  isAlg,
  isSigningAlg,
  listAlgs,
  supportsAlg,
  type AkpAlgorithm,
  type Alg,
  type Algorithm,
  type EcAlgorithm,
  type KmsNames,
  type OkpAlgorithm,
  type RsaAlgorithm,
  type SigningAlg,
} from './algorithms.ts';
export { decodeBase64url, encodeBase64url } from './base64url.ts';
export { parseClaims, type TokenClaims } from './claims.ts';
export {
  MAX_HEADER_BYTES,
  MAX_SEAL_LENGTH,
  MAX_TOKEN_LENGTH,
  parseCompact,
  requireTokenType,
  GRANT_TYPE,
  SEAL_TYPE,
  TOKEN_TYPE,
  type CompactJws,
  type JwsHeader,
} from './compact.ts';
export { derToRaw, rawToDer } from './der.ts';
export { sha256Base64url, sha256Hex, sha256Key } from './digest.ts';
export { JWS_ERRORS, JwsError, type JwsErrorCode } from './errors.ts';
export { parseJsonObject, type JsonObject } from './json.ts';
export {
  exportJwk,
  importJwk,
  parseJwk,
  type AkpJwk,
  type EcJwk,
  type OkpJwk,
  type PublicJwk,
  type RsaJwk,
} from './jwk.ts';
export { toJwks, type Jwks, type JwksEntry, type PublishedJwk } from './jwks.ts';
export { keySuits } from './suitability.ts';
export { thumbprint } from './thumbprint.ts';
export { assemble, encodeHeader, encodePayload, signingInput } from './token.ts';
export { prepareVerifier, verifyCompactJws, verifySignature, type Verifier } from './verify.ts';
