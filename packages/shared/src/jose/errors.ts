/** Why a token, header, signature or key was refused: one error class with a closed set of codes. */

/** Each code with one sentence for people. No text here or elsewhere in a {@link JwsError} is taken from a token. */
export const JWS_ERRORS = {
  JWS_MALFORMED: 'The token is not a JWS in compact form with canonical segments and strict JSON.',
  JWS_TOO_LONG: 'The token, or its header, is longer than allowed.',
  JWS_HEADER_FORBIDDEN: 'The header has a member that would change how the token is read or which key is used.',
  JWS_TYPE: 'The token is of another type than an access token.',
  JWS_ALG_UNKNOWN: 'The signature algorithm is not one of those supported.',
  JWS_ALG_MISMATCH: 'The header names another algorithm than the key is for.',
  JWS_KEY_UNSUITABLE: 'The key cannot be used with this algorithm.',
  JWS_SIGNATURE: 'The signature does not hold.',
  JWS_SIGNATURE_ENCODING: 'The signature is not a strictly encoded ECDSA signature.',
  JWS_CLAIMS: 'A claim is missing or of the wrong form.',
  JWK_INVALID: 'The JWK is not a public key in canonical form.',
} as const;

export type JwsErrorCode = keyof typeof JWS_ERRORS;

/**
 * A token or key that breaks a rule. Branch on `code`; the message is for people, and is built from constant text only,
 * so it may be logged. Mistakes of the calling program are a plain `TypeError` instead.
 */
export class JwsError extends Error {
  override readonly name = 'JwsError';
  readonly code: JwsErrorCode;

  constructor(code: JwsErrorCode, detail: string = JWS_ERRORS[code], cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
