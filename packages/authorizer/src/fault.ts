/** What `authorize` throws when it can neither allow nor deny: the registry or the keys are out of reach or not in order. */

/** Each code with one sentence for people. No text of a fault is taken from a token. */
export const FAULTS = {
  REGISTRY_UNAVAILABLE: 'The registry could not be read: out of reach, too slow, throttled, denied or missing.',
  REGISTRY_INVALID: 'The registry answered something that is not a status or a key ring of apikey.',
  RING_MISSING: 'The registry has no key ring: the environment was not set up, or this is another table or directory.',
  KEYS_UNAVAILABLE:
    'The public key of a ring entry could not be fetched: out of reach, denied, missing or not allowed.',
  KEY_MISMATCH: 'The public key that was fetched is not the one that the key ring names.',
  INTERNAL: 'A bug in the authorizer: please report it, with the cause.',
} as const;

export type FaultCode = keyof typeof FAULTS;

/**
 * Neither allowed nor denied. Handlers must answer with a server error: a denial would be cached by gateways and believed
 * by clients. Branch on `code`; `cause` is the error of the registry or key source.
 */
export class AuthorizerFault extends Error {
  override readonly name = 'AuthorizerFault';
  readonly code: FaultCode;

  constructor(code: FaultCode, cause?: unknown) {
    super(FAULTS[code], cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The error as a fault; one that is a fault already stays what it is. */
export function asFault(code: FaultCode, error: unknown): AuthorizerFault {
  return error instanceof AuthorizerFault ? error : new AuthorizerFault(code, error);
}
