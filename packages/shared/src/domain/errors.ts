/** Every error that apikey reports: a closed table of stable codes, and the one base class that carries them. */

/** What went wrong in broad terms; the command line maps each kind to one exit code. */
export type ErrorKind =
  | 'bug'
  | 'usage'
  | 'not_found'
  | 'access'
  | 'conflict'
  | 'unavailable'
  | 'partial'
  | 'cancelled'
  | 'damaged'
  | 'not_live'
  | 'findings'
  | 'interrupted';

interface ErrorEntry {
  readonly kind: ErrorKind;
  /** One sentence for `docs/errors.md`. */
  readonly meaning: string;
  /** True when running the same command again may succeed without anything else being changed. */
  readonly retryable?: true;
}

export const ERRORS = {
  INTERNAL: { kind: 'bug', meaning: 'A bug in apikey: please report it, with the output of `--debug`.' },

  USAGE: {
    kind: 'usage',
    meaning: 'An unknown command or flag, a missing argument, or flags that exclude each other.',
  },
  INVALID_CLIENT: { kind: 'usage', meaning: 'A client id that does not match `^[a-z0-9][a-z0-9._-]{0,62}$`.' },
  INVALID_JTI: {
    kind: 'usage',
    meaning: 'A token id that is neither a UUID nor its first characters, at least 6 of them.',
  },
  INVALID_KID: { kind: 'usage', meaning: 'A key id that is not a base64url SHA-256 thumbprint.' },
  INVALID_DURATION: { kind: 'usage', meaning: 'A duration that is not like `90d`, `12h`, `1d12h` or `P90D`.' },
  INVALID_TIME: {
    kind: 'usage',
    meaning: 'A time that is not a date or an RFC 3339 time, or that lies on the wrong side of now.',
  },
  INVALID_SCOPE: {
    kind: 'usage',
    meaning: 'A scope with characters that RFC 6749 does not allow, or too many scopes.',
  },
  INVALID_CIDR: { kind: 'usage', meaning: 'An address range that is not a complete CIDR network.' },
  INVALID_AUDIENCE: { kind: 'usage', meaning: 'An empty or oversized audience, or one with control characters.' },
  INVALID_TEXT: {
    kind: 'usage',
    meaning: 'A note or reason that is too long, holds control characters, or contains a token.',
  },
  INVALID_REQUEST_ID: { kind: 'usage', meaning: 'A request id that is not 1 to 128 printable characters.' },
  INVALID_ALG: { kind: 'usage', meaning: 'A signature algorithm that this environment cannot sign with.' },
  INVALID_INPUT: { kind: 'usage', meaning: 'Input that is empty, too long, or not what the command reads.' },
  CONFIG_INVALID: { kind: 'usage', meaning: 'A configuration file or variable with a wrong key, type or value.' },
  CONFIG_NOT_FOUND: {
    kind: 'usage',
    meaning: 'The configuration file that was named does not exist or cannot be read.',
  },
  CONFIG_UNTRUSTED: {
    kind: 'usage',
    meaning: 'A configuration file was found, not named, and users other than you and root may have written it.',
  },
  ENV_UNKNOWN: { kind: 'usage', meaning: 'An environment that the configuration does not define.' },
  OUTPUT_DISCARDED: {
    kind: 'usage',
    meaning: 'A token would have gone to a standard output that is closed or is the null device.',
  },
  CONFIRMATION_REQUIRED: {
    kind: 'usage',
    meaning: 'A question had to be asked, but there is no terminal to ask it on.',
  },

  TOKEN_NOT_FOUND: { kind: 'not_found', meaning: 'No token record with this id.' },
  CLIENT_NOT_FOUND: { kind: 'not_found', meaning: 'No client with this id.' },
  KEY_NOT_FOUND: { kind: 'not_found', meaning: 'No signing key with this id, or its key material is missing.' },
  RING_NOT_FOUND: { kind: 'not_found', meaning: 'The environment has no key ring yet.' },
  REGISTRY_NOT_FOUND: { kind: 'not_found', meaning: 'The environment has no registry yet.' },
  SEAL_NOT_FOUND: { kind: 'not_found', meaning: 'No seal of the audit log is stored yet.' },
  TOPIC_NOT_FOUND: { kind: 'not_found', meaning: 'The SNS topic for notices does not exist.' },
  FILE_NOT_FOUND: { kind: 'not_found', meaning: 'An input file does not exist.' },
  SECRET_NOT_FOUND: { kind: 'not_found', meaning: 'The secret that a token was to be stored in does not exist.' },

  ACCESS_DENIED: { kind: 'access', meaning: 'The caller may not do this: file permissions, or an IAM policy.' },
  CREDENTIALS_MISSING: { kind: 'access', meaning: 'No usable credentials were found, or they have expired.' },
  KEY_PASSPHRASE: { kind: 'access', meaning: 'The passphrase of a key file is missing or wrong.' },

  LOST_RACE: {
    kind: 'conflict',
    retryable: true,
    meaning: 'Others kept changing the same client or key ring until the time for retries was up.',
  },
  OVER_CAP: { kind: 'conflict', meaning: 'A lifetime over the cap of the environment or of the client.' },
  SCOPE_NOT_ALLOWED: { kind: 'conflict', meaning: 'A scope that the client is not allowed to hold.' },
  CLIENT_SUSPENDED: { kind: 'conflict', meaning: 'The client is suspended.' },
  CLIENT_CHANGED: {
    kind: 'conflict',
    meaning: 'The client was revoked, suspended or given another policy while the command ran.',
  },
  NO_ACTIVE_KEY: {
    kind: 'conflict',
    meaning: 'The key ring has no active key, or the key that signed was revoked meanwhile.',
  },
  WRONG_STATE: { kind: 'conflict', meaning: 'The token, client or key is in a state that does not allow this.' },
  GRANT_NOT_VERIFIED: {
    kind: 'conflict',
    meaning: 'The registry does not prove, by a grant that a signing key made, what would be signed again.',
  },
  EVIDENCE_MISSING: {
    kind: 'conflict',
    meaning: 'What was recorded of the use of a replaced token does not show that it can end before its grace does.',
  },
  QUIET_TOO_SHORT: {
    kind: 'conflict',
    meaning: 'A token is to count as quiet after a time that is shorter than what recorded uses can show.',
  },
  SUPERSEDED: {
    kind: 'conflict',
    meaning: 'A later run of the same request signed another token; this one will never be live.',
  },
  ALREADY_ISSUED: {
    kind: 'conflict',
    meaning: 'This request id was already used for a token that is live; nothing was signed or delivered.',
  },
  REQUEST_MISMATCH: { kind: 'conflict', meaning: 'This request id was already used with other parameters.' },
  TOKEN_TOO_LARGE: { kind: 'conflict', meaning: 'The token would be longer than an authorizer accepts.' },
  SEAL_TOO_LARGE: { kind: 'conflict', meaning: 'The seal holds more chains than its destination takes.' },
  AMBIGUOUS: { kind: 'conflict', meaning: 'Several tokens match; the error lists them.' },
  FILE_EXISTS: { kind: 'conflict', meaning: 'The output file exists and `--force` was not given.' },
  SECRET_UNSUITABLE: {
    kind: 'conflict',
    meaning: 'The secret or parameter cannot take a token: what it holds, its state or its type forbids it.',
  },
  SECRET_CHANGED: {
    kind: 'conflict',
    meaning: 'Somebody else put another value where the token was to be shown, at the same moment.',
  },
  EXPORT_MISMATCH: {
    kind: 'conflict',
    meaning: 'An audit export is of another environment, or contradicts the registry that it should be continued from.',
  },
  STORE_REFUSED: {
    kind: 'conflict',
    meaning: 'The database refused a change as it is, for the reason that the error names; nothing was written.',
  },
  ADDRESS_IN_USE: { kind: 'conflict', meaning: 'Another process listens on the address and port.' },
  CLOCK_SKEW: { kind: 'conflict', meaning: 'The local clock differs from the service by more than 60 seconds.' },
  CLOCK_BEHIND: {
    kind: 'conflict',
    meaning: 'The local clock is more than 60 seconds before the last change of what would be given more.',
  },

  UNAVAILABLE: { kind: 'unavailable', retryable: true, meaning: 'The registry or the keys are out of reach.' },
  THROTTLED: { kind: 'unavailable', retryable: true, meaning: 'The service is limiting requests.' },
  STORE_FULL: { kind: 'unavailable', retryable: true, meaning: 'The disk or the quota is full; nothing was changed.' },
  DELIVERY_FAILED: {
    kind: 'unavailable',
    retryable: true,
    meaning: 'The token could not be handed over, and so was not activated.',
  },
  OUTPUT_FAILED: {
    kind: 'unavailable',
    retryable: true,
    meaning: 'The result could not be written to standard output, or to its file.',
  },
  ACTIVATION_FAILED: {
    kind: 'unavailable',
    retryable: true,
    meaning: 'The token was handed over but not activated; `apikey activate` finishes it.',
  },
  PROMOTION_FAILED: {
    kind: 'unavailable',
    retryable: true,
    meaning: 'The token is live and stored, but readers of the store may not get it yet; a rerun finishes it.',
  },
  OUTCOME_UNKNOWN: {
    kind: 'unavailable',
    retryable: true,
    meaning: 'The answer to a change was lost: it may or may not hold.',
  },

  STILL_ACCEPTED: {
    kind: 'unavailable',
    retryable: true,
    meaning: 'The revocation holds, but the API that was asked did not deny the token in time.',
  },

  BULK_PARTIAL: { kind: 'partial', retryable: true, meaning: 'Some items of a bulk command failed.' },
  CANCELLED: { kind: 'cancelled', meaning: 'The question was answered with no.' },
  STORE_DAMAGED: {
    kind: 'damaged',
    meaning: 'The registry file is damaged, or an entry in it is not what apikey wrote.',
  },
  STORE_FOREIGN: { kind: 'damaged', meaning: 'The registry is not one of apikey, or was made by a newer version.' },
  EXPORT_DAMAGED: {
    kind: 'damaged',
    meaning: 'The file is not an audit export, is damaged, or was made by a newer version.',
  },
  KEY_DAMAGED: { kind: 'damaged', meaning: 'A key file is damaged, or holds another key than its name says.' },
  KEY_PERMISSIONS: { kind: 'damaged', meaning: 'A private key file can be read by others.' },
  SEAL_INVALID: {
    kind: 'damaged',
    meaning: 'What was given as a seal is none, is cut off, or was changed after it was signed.',
  },
  EVIDENCE_DAMAGED: { kind: 'damaged', meaning: 'A CloudTrail file is cut off, or is none.' },
  SEAL_FOREIGN: { kind: 'damaged', meaning: 'The seal is one of another environment.' },
  NOT_LIVE: { kind: 'not_live', meaning: 'The token would be denied.' },
  FINDINGS: { kind: 'findings', meaning: 'The check found something that needs attention.' },
  INTERRUPTED: { kind: 'interrupted', meaning: 'Interrupted by a signal.' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** The fact behind the error, in one line. */
  readonly why?: string;
  /** What to do about it, in one line. */
  readonly fix?: string;
  readonly cause?: unknown;
}

/** Base of every error that a user may meet. Its texts never hold a token. */
export class ApikeyError extends Error {
  override readonly name: string = 'ApikeyError';
  readonly code: ErrorCode;
  readonly why: string | undefined;
  readonly fix: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.why = details.why;
    this.fix = details.fix;
  }

  get kind(): ErrorKind {
    return ERRORS[this.code].kind;
  }

  get retryable(): boolean {
    const entry: ErrorEntry = ERRORS[this.code];
    return entry.retryable === true;
  }
}

/** A value that cannot be parsed or is out of range: the caller's input is wrong. */
export class InvalidValueError extends ApikeyError {
  override readonly name = 'InvalidValueError';
}

/** A rule of the domain forbids this change in the present state. */
export class RefusedError extends ApikeyError {
  override readonly name = 'RefusedError';
}
