/** Why DynamoDB cancelled a transaction, as the registry port says it. */
import { ConflictError, InvalidStateError, ThrottledError } from '../../ports/errors.ts';
import { list, text } from '../vendor-error.ts';
import type { Expectation } from './commit-items.ts';

const THROTTLED: ReadonlySet<string> = new Set([
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
]);

/**
 * Translates a cancellation; `expectations` are those of the transaction's items, in order. Absent for every other
 * error, and for reasons that only a bug can cause.
 */
export function translateCancellation(error: unknown, expectations: readonly Expectation[]): Error | undefined {
  const name = text(error, 'name');
  const details = { cause: error };
  if (name === 'TransactionConflictException') return new ConflictError('version', details);
  if (name !== 'TransactionCanceledException') return undefined;
  // One reason for each item, `None` for those that could have been written. DynamoDB reports all that failed.
  const codes = list(error, 'CancellationReasons').map((reason) => text(reason, 'Code'));
  const failed = new Set(expectations.filter((_, index) => codes[index] === 'ConditionalCheckFailed'));
  if (failed.size > 0) return brokenExpectation(failed, error);
  // Another transaction is writing one of these items right now; which of them wins, a fresh read will tell.
  if (codes.includes('TransactionConflict')) return new ConflictError('version', details);
  if (codes.some((code) => code !== undefined && THROTTLED.has(code))) {
    return new ThrottledError('the registry: AWS limits the requests', {
      why: 'TransactionCanceledException (dynamodb:TransactWriteItems)',
      fix: 'try again in a moment; if it goes on, look at the quotas and limits of the account',
      cause: error,
    });
  }
  return undefined;
}

function brokenExpectation(failed: ReadonlySet<Expectation>, cause: unknown): Error {
  if (failed.has('version')) return new ConflictError('version', { cause });
  if (failed.has('request')) return new ConflictError('request', { cause });
  if (failed.has('token')) return new ConflictError('token', { cause });
  return new InvalidStateError('STORE_DAMAGED', 'the audit log holds more than its client or key ring says', {
    why: 'an event with the next number exists, though the version is the one that was read',
    fix: 'run `apikey audit verify`, and restore the client or ring from a point-in-time copy',
    cause,
  });
}
