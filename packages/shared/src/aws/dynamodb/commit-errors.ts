/** Why DynamoDB cancelled a transaction, as the registry port says it. A cancelled transaction has written nothing. */
import {
  AccessDeniedError,
  ConflictError,
  InvalidStateError,
  ThrottledError,
  UnavailableError,
  type ConflictSubject,
} from '../../ports/errors.ts';
import { list, text } from '../vendor-error.ts';
import type { Expectation } from './commit-items.ts';

/** What a reason means, by its code without `Exception`: some are documented with it, some without. */
const MEANINGS = {
  None: 'none',
  ConditionalCheckFailed: 'expectation',
  DuplicateItem: 'expectation',
  TransactionConflict: 'conflict',
  ReplicatedWriteConflict: 'conflict',
  ThrottlingError: 'throttled',
  Throttling: 'throttled',
  ProvisionedThroughputExceeded: 'throttled',
  RequestLimitExceeded: 'throttled',
  ValidationError: 'refused',
  Validation: 'refused',
  ItemCollectionSizeLimitExceeded: 'refused',
  AccessDenied: 'denied',
} as const;
type Meaning = (typeof MEANINGS)[keyof typeof MEANINGS] | 'unknown';

interface Reason {
  readonly code: string;
  readonly meaning: Meaning;
}

/**
 * Translates a cancellation; `expectations` are those of the transaction's items, in order. Absent for every other
 * error. What may pass is an error that is tried again; all others name the reason.
 */
export function translateCancellation(error: unknown, expectations: readonly Expectation[]): Error | undefined {
  const name = text(error, 'name') ?? '';
  // A transaction of one item may fail with the error of a single write.
  if (meaningOf(name) === 'conflict') return lostRace('version', `${name} (dynamodb:TransactWriteItems)`, error);
  if (name !== 'TransactionCanceledException') return undefined;
  const reasons = reasonsOf(error);
  const failed = new Set(expectations.filter((_, index) => reasons[index]?.meaning === 'expectation'));
  const first = (meaning: Meaning): Reason | undefined => reasons.find((reason) => reason.meaning === meaning);
  const broken = first('expectation');
  if (broken !== undefined && failed.size > 0) return brokenExpectation(failed, broken, error);
  // Another transaction is writing one of these items right now; which of them wins, a fresh read will tell.
  const conflict = first('conflict');
  if (conflict !== undefined) return lostRace('version', whyOf(conflict.code), error);
  const refusal = first('refused') ?? first('denied');
  if (refusal !== undefined) return refused(refusal, error);
  const throttling = first('throttled');
  return throttling === undefined ? unknown(first('unknown'), error) : throttled(throttling, error);
}

/** One reason for each item, `None` for those that could have been written. DynamoDB reports all that failed. */
function reasonsOf(error: unknown): Reason[] {
  const listed = list(error, 'CancellationReasons').map((reason) => text(reason, 'Code') ?? 'None');
  // Not every endpoint sends the list; the message ends with the same codes.
  const inMessage = /\[([\w, ]+)\]\s*$/.exec(text(error, 'message') ?? '')?.[1]?.split(/, */) ?? [];
  return (listed.length > 0 ? listed : inMessage).map((code) => ({ code: shown(code), meaning: meaningOf(code) }));
}

/** A vendor's text is shown only where it has the form of a name. */
function shown(code: string): string {
  return /^[\w.]{1,80}$/.test(code) ? code : 'a reason without a name';
}

function meaningOf(code: string): Meaning {
  const known: Readonly<Record<string, Meaning | undefined>> = MEANINGS;
  const bare = code.replace(/Exception$/, '');
  return Object.hasOwn(known, bare) ? (known[bare] ?? 'unknown') : 'unknown';
}

function brokenExpectation(failed: ReadonlySet<Expectation>, { code }: Reason, cause: unknown): Error {
  const subject = (['version', 'request', 'token'] as const).find((expectation) => failed.has(expectation));
  if (subject !== undefined) return lostRace(subject, whyOf(code), cause);
  return new InvalidStateError('STORE_DAMAGED', 'the audit log holds more than its client or key ring says', {
    why: 'an event with the next number exists, though the version is the one that was read',
    fix: 'run `apikey audit verify`, and restore the client or ring from a point-in-time copy',
    cause,
  });
}

function lostRace(subject: ConflictSubject, why: string, cause: unknown): ConflictError {
  return new ConflictError(subject, { why, cause });
}

function refused({ code, meaning }: Reason, cause: unknown): Error {
  const why = whyOf(code);
  if (meaning === 'denied') {
    return new AccessDeniedError('ACCESS_DENIED', 'access to the registry was denied', {
      why,
      fix: 'attach the policy that `apikey iam` prints for this role; a new one takes minutes to hold everywhere',
      cause,
    });
  }
  return new InvalidStateError('STORE_REFUSED', 'DynamoDB refused the change; nothing was written', {
    why,
    fix: 'run `apikey doctor`; if it finds nothing, shorten what the command stores (scopes, notes, reasons)',
    cause,
  });
}

function throttled({ code }: Reason, cause: unknown): ThrottledError {
  return new ThrottledError('the registry: AWS limits the requests', {
    why: whyOf(code),
    fix: 'try again in a moment; if it goes on, look at the quotas and limits of the account',
    cause,
  });
}

function unknown(reason: Reason | undefined, cause: unknown): UnavailableError {
  return new UnavailableError('DynamoDB cancelled the change; nothing was written', {
    why: whyOf(reason?.code ?? 'no reason given'),
    fix: 'try again; https://health.aws.amazon.com shows disturbances',
    cause,
  });
}

function whyOf(reason: string): string {
  return `TransactionCanceledException: ${reason} (dynamodb:TransactWriteItems)`;
}
