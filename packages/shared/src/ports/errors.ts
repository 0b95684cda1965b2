/** What a port may throw: adapters translate their vendor's errors into these and keep them as `cause`. */
import { ApikeyError, type ErrorCode, type ErrorDetails } from '../domain/errors.ts';

/** The thing asked for does not exist: a key, a table, a registry file. */
export class NotFoundError extends ApikeyError {
  override readonly name = 'NotFoundError';
}

/** Which expectation of a commit did not hold. */
export type ConflictSubject = 'version' | 'request' | 'token';

/** A commit lost a race: the aggregate has another version, or the request id or `jti` is taken. Nothing was written. */
export class ConflictError extends ApikeyError {
  override readonly name = 'ConflictError';
  readonly subject: ConflictSubject;

  constructor(subject: ConflictSubject, details: ErrorDetails = {}) {
    super('LOST_RACE', 'somebody else changed the same thing at the same moment', details);
    this.subject = subject;
  }
}

/** Credentials are missing, expired or not sufficient; or a file may not be read or written. */
export class AccessDeniedError extends ApikeyError {
  override readonly name = 'AccessDeniedError';
}

/** Whether a failed write may have been applied all the same. */
export type WriteOutcome = 'not_applied' | 'unknown';

/** The backend is out of reach, full or broken for now. */
export class UnavailableError extends ApikeyError {
  override readonly name = 'UnavailableError';
  readonly outcome: WriteOutcome;

  constructor(
    message: string,
    details: ErrorDetails & { readonly outcome?: WriteOutcome; readonly code?: ErrorCode } = {},
  ) {
    super(details.code ?? 'UNAVAILABLE', message, details);
    this.outcome = details.outcome ?? 'not_applied';
  }
}

/** The backend limits requests, and went on doing so for as long as the adapter retried. Nothing was written. */
export class ThrottledError extends ApikeyError {
  override readonly name = 'ThrottledError';

  constructor(message: string, details: ErrorDetails = {}) {
    super('THROTTLED', message, details);
  }
}

/** What the backend holds is not what apikey wrote: damaged, foreign, or in a state that forbids the call. */
export class InvalidStateError extends ApikeyError {
  override readonly name = 'InvalidStateError';
}
